// A promoter's day, without a screen. `cargo xtask bindings example` starts a server and runs this on the JVM; on a phone
// the same calls stand in a repository class, the keystore is the platform's, and the scheduler calls `syncOnce`.
package daybook.example

import daybook.*
import daybook.suite.Company
import daybook.suite.FileKeystore
import daybook.suite.freshFolder
import java.io.File
import java.math.BigDecimal
import java.time.Duration
import java.time.Instant
import kotlinx.coroutines.runBlocking

fun main() {
    val root = freshFolder()
    Company(root).use { company ->
        // Morning, in the office: the secretary shows a code, the app redeems it once.
        val config = Config(File(root, "daybook.db").path, company.url, "example/1.0")
        val keystore = FileKeystore(File(root, "keystore"))
        Daybook.open(config, keystore).use { daybook ->
            daybook.damage()?.let { println("${it.rescued} saves were rescued, ${it.lost.size} are lost") }
            val profile = daybook.profile() ?: daybook.enrol(company.code(), "JVM")
            println("${profile.name}, ${profile.officeName}")
            val listening = daybook.listenToStatus(object : StatusListener {
                override fun onStatusChanged(status: SyncStatus) = println("  ${status.unsentRecords} records unsent")
            })

            // In the field, in flight mode: everything is saved when the call returns.
            val place = Position.Fix(30.65712, 104.06588, Datum.GCJ02, 12f)
            val lead = runBlocking {
                daybook.visits().createAsync(
                    VisitRequest(place = place, facts = VisitFacts(VisitKind.Cold, outlet = "锦江花园", checkInAt = Instant.now())),
                )
                val facts = LeadFacts(
                    name = "张伟", phones = mapOf("133 1234 3333" to "本人"), budget = BigDecimal(900_000),
                    channelSource = ChannelSource.ColdVisit, consent = true, consentAt = Instant.now(),
                )
                daybook.leads().createAsync(LeadRequest(place = place, facts = facts)).record.id
            }
            val answers = mapOf("household/size" to Answer.Int(3), "wants_visit" to Answer.Bool(true))
            daybook.surveys().create(SurveyRequest(facts = SurveyFacts(form = "customer", answers = answers)))
            try {
                daybook.leads().create(LeadRequest(facts = LeadFacts(phones = mapOf("12" to ""))))
            } catch (typed: DaybookException.InvalidInput) {
                println("the form shows: ${typed.field}: ${typed.reason}")
            }
            val photo = daybook.attachPhotoBytes(lead, aPhoto(), "门口")
            daybook.leads().addFollowUp(lead, FollowUpRequest("约好周六看房", byMeansOf = "phone"))
            daybook.leads().addStage(lead, StageRequest(Stage.Arrived))
            println("saved: ${daybook.status(lead).step}, photo: ${daybook.photoStatus(photo)}")

            // Evening, on the office's Wi-Fi: the scheduler's turn.
            val policy = PhotoPolicy(Network.UNMETERED, OnMetered.Nothing)
            var pass: Pass
            do {
                pass = daybook.syncOnce(Duration.ofSeconds(25), policy)
                println("${pass.ended.javaClass.simpleName}: ${pass.records.pushed} changes, ${pass.photos.uploaded} photos up")
            } while (pass.ended == Ended.OutOfTime)
            while (daybook.status(lead).step < Step.PUBLISHED) daybook.sync()
            println("published: ${daybook.receipt(lead)?.changes} changes under the server's receipt")

            // Next morning head quarters has looked at it.
            company.desk().decide(lead, "returned", "请核实预算")
            while (daybook.status(lead).step != Step.REVIEWED) daybook.sync()
            val review = daybook.leads().get(lead).record.review
            println("${review.state}: ${review.reason}")
            daybook.leads().edit(lead, listOf(LeadEdit.Budget(BigDecimal(950_000))))
            daybook.sync()
            listening.close()
        }
        // The app was closed, and is opened again: everything is there.
        Daybook.open(config, keystore).use { daybook ->
            daybook.list(RowFilter(), 50u).items.forEach { println("${it.kind} ${it.title} ${it.status.step}") }
        }
    }
    root.deleteRecursively()
}

/** What a camera would give: enough of a JPEG to go up in several pieces. */
private fun aPhoto() = ByteArray(1_500_000) { (it * 31).toByte() }.also { byteArrayOf(-1, -40, -1, -32).copyInto(it) }
