package daybook.suite

import daybook.*
import java.io.File
import java.io.IOException
import java.net.URI
import java.net.http.HttpClient
import java.net.http.HttpRequest as JavaRequest
import java.net.http.HttpResponse as JavaResponse
import java.time.Duration
import java.time.Instant
import java.util.concurrent.CountDownLatch

/** Stands for the Android Keystore: outside of the store's folder, as backups would leave it out. */
class FileKeystore(private val folder: File) : SecureStore {
    init {
        folder.mkdirs()
    }

    override fun load(name: String): ByteArray? = File(folder, name).takeIf(File::exists)?.readBytes()

    override fun save(name: String, secret: ByteArray) {
        val part = File(folder, "$name.part").apply { writeBytes(secret) }
        check(part.renameTo(File(folder, name)))
    }

    override fun remove(name: String) {
        File(folder, name).delete()
    }
}

/** The app's own HTTP stack, which takes down what it was asked for. */
open class Line(private val url: String) : Transport {
    private val http = HttpClient.newHttpClient()
    val asked = mutableListOf<HttpRequest>()

    /** Of them, those about an upload that was begun. */
    val uploads get() = asked.filter { it.path.startsWith("/sync/v1/photos/uploads/") }

    override fun send(request: HttpRequest, patience: Duration): HttpResponse {
        asked += request
        val asking = JavaRequest.newBuilder(URI(url + request.path)).timeout(patience)
            .method(request.method, JavaRequest.BodyPublishers.ofByteArray(request.body))
        request.headers.forEach { (name, value) -> asking.header(name, value) }
        val answer = try {
            http.send(asking.build(), JavaResponse.BodyHandlers.ofByteArray())
        } catch (gone: IOException) {
            throw TransportException.Offline()
        }
        return HttpResponse(answer.statusCode().toUShort(), answer.headers().map().mapValues { it.value.first() }, answer.body())
    }
}

/** The phone was off for some days. */
class LaterClock(private val days: Long) : Clock {
    override fun now() =
        ClockReading(Instant.now().plus(Duration.ofDays(days)), (System.nanoTime() / 1_000_000).toULong(), days.toULong())

    override fun utcOffsetMinutes(): Short = 480
}

val free = PhotoPolicy(Network.UNMETERED, OnMetered.Nothing)

fun keystoreOf(folder: File) = File(folder.path + "-keystore")

fun openPhone(folder: File, url: String, transport: Transport? = null, clock: Clock? = null): Daybook {
    val config = Config(path = File(folder, "daybook.db").path, server = url, app = "kotlin/1.0")
    return Daybook.open(config, FileKeystore(keystoreOf(folder)), transport, clock)
}

fun lead(name: String) = LeadRequest(facts = LeadFacts(name = name))

/** Saves without a network until it is killed, and says what was saved. */
object SaveUntilKilled {
    @JvmStatic
    fun main(args: Array<String>) {
        val phone = openPhone(File(args[0]), "http://127.0.0.1:9")
        generateSequence(0) { it + 1 }.forEach { number ->
            println(phone.leads().create(lead("张$number")).record.id)
            System.out.flush()
        }
    }
}

/** Attaches a photo and begins to send it. Stands still, to be killed, when the server has the second piece. */
object UploadUntilKilled {
    @JvmStatic
    fun main(args: Array<String>) {
        val (folder, url) = args
        lateinit var saved: String
        val line = object : Line(url) {
            override fun send(request: HttpRequest, patience: Duration): HttpResponse {
                val answer = super.send(request, patience)
                val pieces = uploads.filter { it.method == "PATCH" }
                if (pieces.size == 2) {
                    println("$saved ${pieces.sumOf { it.body.size }}")
                    System.out.flush()
                    CountDownLatch(1).await()
                }
                return answer
            }
        }
        val phone = openPhone(File(folder), url, line)
        val record = phone.leads().create(lead("张伟")).record.id
        saved = "$record ${phone.attachPhotoBytes(record, aPhoto())}"
        error("it was not killed: ${phone.syncOnce(Duration.ofSeconds(60), free)}")
    }
}

const val PHOTO_BYTES = 3_000_000

fun aPhoto() = ByteArray(PHOTO_BYTES).also {
    kotlin.random.Random(1).nextBytes(it)
    byteArrayOf(-1, -40, -1, -32).copyInto(it)
}
