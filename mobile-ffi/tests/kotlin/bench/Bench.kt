// Measures the library as a phone's app calls it: `cargo xtask bench ffi --json`.
package daybook.bench

import daybook.*
import daybook.suite.Company
import daybook.suite.freshFolder
import daybook.suite.lead
import daybook.suite.openPhone
import java.io.File
import kotlin.random.Random

private const val RECORDS = 10_000
private const val WARM_UP = 300
private const val EDITS = 2_000
private const val LISTS = 500
private const val PAGE = 50u

/** Of which the one in the middle counts. */
private const val ROUNDS = 3

fun main(args: Array<String>) {
    // The heap is in memory already, so what comes now is the library's, and what the JVM needs to call it.
    System.gc()
    val before = residentBytes()
    val root = freshFolder()
    val folder = File(root, "phone").apply { mkdir() }
    val report = Company(root).use { company ->
        openPhone(folder, company.url).use { phone ->
            phone.enrol(company.code(), "JVM")
            val leads = phone.leads()
            val ids = List(RECORDS) { leads.create(lead("张伟$it")).record.id }
            val chance = Random(1)
            val edit = { number: Int ->
                leads.edit(ids[chance.nextInt(RECORDS)], listOf(LeadEdit.IntentArea("锦江区$number")))
                Unit
            }
            val list = { _: Int -> check(leads.list(RowFilter(), PAGE).items.size == PAGE.toInt()) }
            repeat(WARM_UP, edit)
            repeat(WARM_UP, list)
            val (edits, lists) = List(ROUNDS) { measure(EDITS, edit) to measure(LISTS, list) }.unzip()
            val grown = residentBytes() - before
            mapOf(
                "records" to RECORDS.toDouble(),
                "edit_median_ms" to edits.at(0.5), "edit_p99_ms" to edits.at(0.99),
                "list_median_ms" to lists.at(0.5), "list_p99_ms" to lists.at(0.99),
                "native_mb" to grown / 1e6,
            )
        }
    }
    val opened = measure(5) { openPhone(folder, "http://127.0.0.1:9").close() }
    val all = report + ("open_ms" to opened.at(0.5))
    root.deleteRecursively()
    if ("--json" in args) {
        println(all.entries.joinToString(",", "{", "}") { "\"${it.key}\":${"%.2f".format(it.value)}" })
    } else {
        all.forEach { (name, value) -> println("%-16s %10.2f".format(name, value)) }
    }
}

/** Milliseconds of each call, in order of length. */
private fun measure(times: Int, call: (Int) -> Unit) = DoubleArray(times) {
    val begin = System.nanoTime()
    call(it)
    (System.nanoTime() - begin) / 1e6
}.apply { sort() }

private fun DoubleArray.at(part: Double) = this[((size - 1) * part).toInt()]

private fun List<DoubleArray>.at(part: Double) = map { it.at(part) }.sorted()[size / 2]

/** What the process holds in memory, libraries included. */
private fun residentBytes(): Long {
    val line = File("/proc/self/status").readLines().first { it.startsWith("VmRSS") }
    return Regex("\\d+").find(line)!!.value.toLong() * 1024
}
