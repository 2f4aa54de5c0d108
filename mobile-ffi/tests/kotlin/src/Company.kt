package daybook.suite

import java.io.File
import java.net.URI
import java.net.http.HttpClient
import java.net.http.HttpRequest
import java.net.http.HttpResponse
import java.nio.file.Files
import java.util.UUID
import java.util.concurrent.TimeUnit
import kotlin.concurrent.thread

/** A real server with a small company: one office, one promoter, one reviewer. */
class Company(private val folder: File) : AutoCloseable {
    private val program = System.getenv("DAYBOOK_BIN") ?: error("DAYBOOK_BIN names no server; run cargo xtask bindings test kotlin")
    private val data = File(folder, "data").path
    private val process: Process
    private val password: String
    val url: String

    init {
        val addresses = File(folder, "addresses.json")
        process = ProcessBuilder(program, "serve", "--data-dir", data, "--port", "0", "--address-file", addresses.path)
            .redirectOutput(ProcessBuilder.Redirect.DISCARD)
            .start()
        // The server writes its addresses before the line that says that it listens.
        val log = process.errorStream.bufferedReader()
        generateSequence { log.readLine() }.firstOrNull { addresses.exists() } ?: error("the server did not start")
        thread(isDaemon = true) { runCatching { log.forEachLine { } } }
        url = "http://" + field(addresses.readText(), "http")
        admin("organisation", "create", "--name", "西南渠道公司")
        admin("office", "create", "--name", "成都")
        admin("person", "create", "--name", "promoter", "--role", "promoter", "--office", "成都")
        val made = admin("person", "create", "--name", "reviewer", "--role", "reviewer", "--login", "reviewer")
        password = field(made, "password")
    }

    fun code() = field(admin("code", "issue", "--person", "promoter"), "code")

    fun desk() = Desk(url, password)

    private fun admin(vararg order: String): String {
        val line = listOf(program, "admin") + order + listOf("--json", "--data-dir", data)
        val run = ProcessBuilder(line).redirectError(ProcessBuilder.Redirect.INHERIT).start()
        val said = run.inputStream.bufferedReader().readText()
        check(run.waitFor(60, TimeUnit.SECONDS) && run.exitValue() == 0) { order.joinToString(" ") }
        return said
    }

    override fun close() {
        process.destroyForcibly().waitFor()
    }
}

/** A reviewer, signed in. */
class Desk(private val url: String, password: String) {
    private val http = HttpClient.newHttpClient()
    private var cookie = ""

    init {
        ask("POST", "/api/v1/session", """{"login": "reviewer", "password": "$password"}""")
    }

    /** Decides about a record as it stands now. */
    fun decide(record: UUID, state: String, reason: String) {
        val line = ask("GET", "/api/v1/records?limit=200").split("{\"id\":").first { it.startsWith("\"$record\"") }
        val heads = Regex("\"heads\":(\\[[^]]*])").find(line)!!.groupValues[1]
        ask("POST", "/api/v1/records/$record/review", """{"state": "$state", "reason": "$reason", "seen": $heads}""")
    }

    fun ask(method: String, path: String, body: String? = null): String {
        val publisher = body?.let(HttpRequest.BodyPublishers::ofString) ?: HttpRequest.BodyPublishers.noBody()
        val request = HttpRequest.newBuilder(URI(url + path)).method(method, publisher)
            .header("content-type", "application/json").header("cookie", cookie).build()
        val answer = http.send(request, HttpResponse.BodyHandlers.ofString())
        check(answer.statusCode() in 200..299) { "$method $path: ${answer.statusCode()} ${answer.body()}" }
        answer.headers().firstValue("set-cookie").ifPresent { cookie = it.substringBefore(';') }
        return answer.body()
    }
}

private fun field(json: String, name: String) =
    Regex("\"$name\"\\s*:\\s*\"([^\"]*)\"").find(json)?.groupValues?.get(1) ?: error("no $name in $json")

fun freshFolder(): File = Files.createTempDirectory("daybook-").toFile()
