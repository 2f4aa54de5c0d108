package daybook.suite

import daybook.*
import java.io.File
import java.math.BigDecimal
import java.time.Duration
import java.time.Instant
import java.time.LocalDate
import java.util.UUID
import java.util.concurrent.LinkedBlockingQueue
import java.util.concurrent.TimeUnit
import kotlin.test.*
import kotlinx.coroutines.async
import kotlinx.coroutines.awaitAll
import kotlinx.coroutines.runBlocking
import org.junit.AfterClass
import org.junit.BeforeClass

/** The Kotlin face against a real server. Run by `cargo xtask bindings test kotlin`. */
class DaybookTest {
    companion object {
        private lateinit var root: File
        private lateinit var company: Company

        @BeforeClass
        @JvmStatic
        fun open() {
            root = freshFolder()
            company = Company(root)
        }

        @AfterClass
        @JvmStatic
        fun close() {
            company.close()
            root.deleteRecursively()
        }
    }

    private fun folder() = File(root, UUID.randomUUID().toString()).apply { mkdir() }

    private fun inAnotherProcess(work: String, vararg args: String): Process {
        val java = ProcessHandle.current().info().command().orElse("java")
        val line = listOf(
            java, "-Djna.library.path=${System.getProperty("jna.library.path")}", "-cp", System.getProperty("java.class.path"),
            "daybook.suite.$work", *args,
        )
        return ProcessBuilder(line).redirectError(ProcessBuilder.Redirect.INHERIT).start()
    }

    private fun enrolled(folder: File = folder()) =
        openPhone(folder, company.url).apply { enrol(company.code(), "JVM") }

    /** Syncs as a person would who waits for something; the server answers when it has news. */
    private fun Daybook.syncUntil(true_: () -> Boolean) {
        repeat(50) {
            sync()
            if (true_()) return
        }
        fail("it did not happen")
    }

    private fun Daybook.publish(record: UUID) = syncUntil { status(record).step >= Step.PUBLISHED }

    @Test
    fun `a day offline survives being killed and is sent once`() {
        val folder = folder()
        enrolled(folder).use { assertEquals("promoter", it.profile()?.name) }
        val process = inAnotherProcess("SaveUntilKilled", folder.path)
        val said = process.inputStream.bufferedReader()
        val saved = generateSequence { said.readLine() }.take(20).toMutableSet()
        process.toHandle().destroyForcibly()
        // What it said before it died was saved too; what it was about to say may have been.
        saved += said.readLines().filter { it.length == 36 }

        openPhone(folder, company.url).use { phone ->
            val listed = phone.leads().list(RowFilter(), 1000u).items
            assertTrue(listed.map { it.id.toString() }.containsAll(saved))
            assertTrue(listed.size - saved.size <= 1, "${listed.size} stand there, ${saved.size} were saved")
            assertEquals(setOf(Step.SAVED), listed.map { it.status.step }.toSet())
            assertEquals(listed.size.toULong(), phone.sync().pushed)
            listed.forEach { phone.publish(it.id) }
            assertEquals(0u, phone.syncStatus().unsentRecords)
            assertNotNull(phone.receipt(listed[0].id))
            val seen = company.desk().ask("GET", "/api/v1/records?limit=200")
            listed.take(100).forEach { assertEquals(2, seen.split("{\"id\":\"${it.id}\"").size, "once: ${it.id}") }
        }
    }

    @Test
    fun `errors say what to do and name nobody`() {
        val folder = folder()
        openPhone(folder, company.url).use { phone ->
            assertFailsWith<DaybookException.NotEnrolled> { phone.leads().create(lead("张伟")) }
            val code = assertFailsWith<DaybookException.Sync> { phone.enrol("WRONG", "JVM") }
            assertEquals(SyncProblem.EnrolmentCode, code.problem)
            phone.enrol(company.code(), "JVM")
            val phones = mapOf("not-a-number-777" to "")
            val typed = assertFailsWith<DaybookException.InvalidInput> {
                phone.leads().create(LeadRequest(facts = LeadFacts(name = "张伟", phones = phones)))
            }
            assertFalse("777" in typed.message, typed.message)
            assertFailsWith<DaybookException.NotFound> { phone.leads().get(UUID.randomUUID()) }
            val second = assertFailsWith<DaybookException.NotOpened> { openPhone(folder, company.url) }
            assertEquals(OpenProblem.IN_USE, second.why)
        }
        keystoreOf(folder).deleteRecursively()
        val lost = assertFailsWith<DaybookException.NotOpened> { openPhone(folder, company.url) }
        assertEquals(OpenProblem.KEY_LOST, lost.why)
    }

    @Test
    fun `values come back as they went`() = enrolled().use { phone ->
        val facts = LeadFacts(
            name = "张伟", gender = Gender.Female, budget = BigDecimal("1250000.50"), channelSource = ChannelSource.Other("drone"),
            phones = mapOf("133 1234 3333" to "本人"), consent = true, consentAt = Instant.parse("2026-03-01T09:30:00Z"),
        )
        val place = Position.Fix(30.65, 104.06, Datum.GCJ02, 12f)
        val made = phone.leads().create(LeadRequest(UUID.randomUUID(), place, facts))
        val read = phone.leads().get(made.record.id)
        assertEquals(facts.copy(phones = mapOf("+8613312343333" to "本人")), read.facts)
        assertEquals(place, read.record.place)
        phone.leads().addFollowUp(made.record.id, FollowUpRequest("called", nextOn = LocalDate.of(2026, 3, 9)))
        assertEquals(Stage.Arrived, phone.leads().addStage(made.record.id, StageRequest(Stage.Arrived)).record.stage)
        val visit = phone.visits().create(VisitRequest(facts = VisitFacts(outlet = "锦江花园")))
        assertIs<AnyRecord.Visit>(phone.record(visit.record.id))
        val answers = mapOf("age" to Answer.Int(41), "child" to Answer.Bool(false))
        val survey = phone.surveys().create(SurveyRequest(facts = SurveyFacts(form = "q1", answers = answers)))
        assertEquals(answers, phone.surveys().get(survey.record.id).facts.answers)
        assertEquals(listOf(made.record.id), phone.leads().list(RowFilter(text = "3333"), 9u).items.map { it.id })
    }

    @Test
    fun `two phones meet in a conflict`() {
        val (mine, other) = enrolled() to enrolled()
        val record = mine.leads().create(lead("张伟")).record.id
        mine.publish(record)
        other.syncUntil { other.leads().count(RowFilter()) > 0u && runCatching { other.leads().get(record) }.isSuccess }
        mine.leads().edit(record, listOf(LeadEdit.Budget(BigDecimal(900_000))))
        other.leads().edit(record, listOf(LeadEdit.Budget(BigDecimal(1_100_000))))
        mine.publish(record)
        other.publish(record)
        mine.syncUntil { mine.leads().get(record).record.conflicts.isNotEmpty() }
        val conflict = mine.leads().get(record).record.conflicts.single()
        assertEquals("budget", conflict.field)
        assertEquals(setOf<Scalar?>(Scalar.Text("900000"), Scalar.Text("1100000")), conflict.values.map { it.value }.toSet())
        assertEquals("promoter", mine.author(conflict.values[0].author)?.name)
        mine.leads().edit(record, listOf(LeadEdit.Budget(BigDecimal(1_000_000))))
        mine.publish(record)
        other.syncUntil { other.leads().get(record).record.conflicts.isEmpty() }
        assertEquals(BigDecimal(1_000_000), other.leads().get(record).facts.budget)
    }

    @Test
    fun `a verdict comes back with its reason, and listeners hear of it`() = enrolled().use { phone ->
        val changed = LinkedBlockingQueue<UUID>()
        val statuses = LinkedBlockingQueue<SyncStatus>()
        val subscriptions = listOf(
            phone.listenToRecords(object : RecordListener {
                override fun onRecordsChanged(records: List<RecordId>) {
                    changed += records
                }
            }),
            phone.listenToStatus(object : StatusListener {
                override fun onStatusChanged(status: SyncStatus) {
                    statuses += status
                }
            }),
            phone.listenToSync(object : SyncListener {
                override fun onSyncProgress(progress: SyncProgress) = error("a listener that fails is served all the same")
            }),
        )
        val record = phone.leads().create(lead("李娜")).record.id
        assertEquals(record, changed.poll(60, TimeUnit.SECONDS))
        phone.publish(record)
        company.desk().decide(record, "returned", "请核实预算")
        phone.syncUntil { phone.status(record).step == Step.REVIEWED }
        val review = phone.leads().get(record).record.review
        assertEquals(ReviewState.RETURNED to "请核实预算", review.state to review.reason)
        generateSequence { statuses.poll(60, TimeUnit.SECONDS) }.first { it.unsentRecords == 0u && it.lastExchange != null }
        subscriptions.forEach { it.close() }
    }

    @Test
    fun `screens wait without blocking`() = runBlocking {
        enrolled().use { phone ->
            val made = (1..8).map { async { phone.leads().createAsync(lead("陈$it")) } }.awaitAll()
            phone.leads().editAsync(made[0].record.id, listOf(LeadEdit.IntentArea("锦江区")))
            assertEquals(9u, phone.syncAsync().pushed)
            val page = phone.leads().listAsync(RowFilter(), 5u)
            assertEquals(5, page.items.size)
            val next = phone.leads().list(RowFilter(), 5u, page.next)
            assertEquals(emptySet(), page.items.map { it.id }.intersect(next.items.map { it.id }.toSet()))
        }
    }

    @Test
    fun `a photo goes up in pieces when the network may be used`() = enrolled().use { phone ->
        val record = phone.leads().create(lead("张伟")).record.id
        val bytes = aPhoto()
        val photo = phone.attachPhotoBytes(record, bytes, "门口")
        assertContentEquals(bytes, File(phone.photoFile(photo)!!).readBytes())
        val metered = phone.syncOnce(Duration.ofSeconds(60), PhotoPolicy(Network.METERED, OnMetered.Nothing))
        assertEquals(Ended.Done to 1u, metered.ended to metered.photos.waiting)
        assertEquals<PhotoStatus?>(PhotoStatus.WaitingForNetwork, phone.photoStatus(photo))
        assertEquals(1u, phone.syncOnce(Duration.ofSeconds(60), free).photos.uploaded)
        assertEquals<PhotoStatus?>(PhotoStatus.Uploaded, phone.photoStatus(photo))
    }

    @Test
    fun `an upload that was killed goes on days later where it stopped`() {
        val folder = folder()
        enrolled(folder).close()
        val process = inAnotherProcess("UploadUntilKilled", folder.path, company.url)
        val said = process.inputStream.bufferedReader().readLine()
        process.destroyForcibly().waitFor()
        val (record, photo, taken) = said.split(' ')

        val line = Line(company.url)
        openPhone(folder, company.url, line, LaterClock(days = 3)).use { phone ->
            val kept = assertIs<PhotoStatus.Uploading>(phone.photoStatus(photo))
            assertTrue(kept.sent < taken.toULong(), "the last piece was not yet known to have arrived")
            val passed = phone.syncOnce(Duration.ofSeconds(60), free)
            assertEquals(1u to 0u, passed.photos.uploaded to passed.photos.left)
            assertEquals<PhotoStatus?>(PhotoStatus.Uploaded, phone.photoStatus(photo))
            assertEquals("HEAD", line.uploads.first().method, "the server is asked where it stands")
            assertEquals(PHOTO_BYTES - taken.toInt(), line.uploads.sumOf { it.body.size })
            val id = UUID.fromString(record)
            phone.publish(id)
            assertEquals(listOf(photo), phone.leads().get(id).record.photos.map { it.hash })
        }
    }

    @Test
    fun `the key can be changed`() {
        val folder = folder()
        val key = File(keystoreOf(folder), "daybook.store-key")
        val before = enrolled(folder).use { phone ->
            phone.leads().create(lead("before"))
            key.readBytes().also { phone.rotateKey() }
        }
        assertFalse(before.contentEquals(key.readBytes()))
        openPhone(folder, company.url).use { assertEquals(1u, it.leads().count(RowFilter())) }
        key.writeBytes(before)
        assertFailsWith<DaybookException.NotOpened> { openPhone(folder, company.url) }
    }
}
