package daybook.suite

import daybook.*
import java.io.File

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
