//! The reckoning: everything that anybody saved or was promised, held against the server.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Mutex;
use std::sync::PoisonError;

use sync_core::engine::{MAX_ANSWER, WireRequest};
use sync_core::id::RecordId;
use sync_core::journal::Head;
use sync_core::wire;
use sync_core::wire::exchange::ExchangeResponse;

use crate::console::Listed;
use crate::crew::each;
use crate::failure::Failure;
use crate::model::Model;
use crate::oracle::{Fault, Findings, Published, phone_against_server, record_against_model, server_against_model};
use crate::phone::Phone;
use crate::play::Play;
use crate::progress::{Stretch, say};

/// How many findings are shown one by one.
const SHOWN: usize = 20;

/// What the server says at the end.
pub struct Reckoning {
    /// All records in lists.
    pub listed: Vec<Listed>,
    /// What is wrong.
    pub findings: Findings,
    /// Receipts that phones got.
    pub receipts: usize,
    /// Receipts that are not honoured.
    pub broken_receipts: usize,
}

impl Play {
    /// Which fields the server lists as being in conflict, held against those that have to be. Gives how many there
    /// are, and how many were expected and not found, or found and not expected.
    ///
    /// # Errors
    /// When the server refuses.
    pub fn conflicts(&self) -> Result<(usize, usize), Failure> {
        let lines = self.console.list("?conflict=true")?;
        let stretch = Stretch::begin("every conflict is listed", lines.len());
        let listed: Vec<Vec<(RecordId, String)>> = each(&lines, |_, line| {
            stretch.step();
            let published = self.console.record(line.id)?;
            Ok(published.conflicts().map(|field| (line.id, field.to_owned())).collect())
        })?;
        let listed: BTreeSet<(RecordId, String)> = listed.into_iter().flatten().collect();
        let expected = self.model().conflicts();
        let wrong = listed.symmetric_difference(&expected).count();
        stretch.end(&format!("{} listed, {} expected", listed.len(), expected.len()));
        Ok((listed.len(), wrong))
    }

    /// One more sync of every phone, which must move nothing and take one exchange. Gives how many phones did not
    /// keep to that.
    ///
    /// # Errors
    /// When a phone does not get through.
    pub fn quiet(&self) -> Result<usize, Failure> {
        let phones: Vec<&Phone> = self.world.phones().collect();
        let stretch = Stretch::begin("everybody syncs once more, and nothing moves", phones.len() * 2);
        let sync = |_: usize, phone: &&Phone| {
            stretch.step();
            phone.sync_through(&self.pulse)
        };
        each(&phones, sync)?;
        let second = each(&phones, sync)?;
        let quiet = |tally: &crate::phone::Tally| {
            tally.failures == 0 && tally.moved.exchanges == 1 && tally.moved.pushed == 0 && tally.moved.pulled == 0
        };
        let restless = second.iter().filter(|tally| !quiet(tally)).count();
        stretch.end(&format!("{} of {} phones with one empty exchange", phones.len() - restless, phones.len()));
        Ok(restless)
    }

    /// Holds everything against everything.
    ///
    /// # Errors
    /// When the server or a phone refuses.
    pub fn reckon(&self) -> Result<Reckoning, Failure> {
        let model = self.model();
        let listed = self.console.list("")?;
        let mut findings = Findings::default();
        let mut seen = BTreeSet::new();
        for line in listed.iter().filter(|line| !seen.insert(line.id)) {
            findings.add(Fault::Duplicated, line.id, "a line of the list");
        }
        let server = self.read_all(&model, &seen, &mut findings)?;
        findings.extend(server_against_model(&model, &server));
        self.compare_phones(&model, &server, &mut findings)?;
        for finding in findings.0.iter().take(SHOWN) {
            say(&finding.to_string());
        }
        let (receipts, broken_receipts) = self.check_receipts()?;
        Ok(Reckoning { listed, findings, receipts, broken_receipts })
    }

    /// Reads every record and holds it against the model; histories are not kept, they are long.
    fn read_all(
        &self,
        model: &Model,
        ids: &BTreeSet<RecordId>,
        findings: &mut Findings,
    ) -> Result<BTreeMap<RecordId, Published>, Failure> {
        let ids: Vec<RecordId> = ids.iter().copied().collect();
        let stretch = Stretch::begin("every record against what was saved", ids.len());
        let found = Mutex::new(Findings::default());
        let server = each(&ids, |_, id| {
            stretch.step();
            let mut published = self.console.record(*id)?;
            found.lock().unwrap_or_else(PoisonError::into_inner).extend(record_against_model(model, &published));
            published.history = Vec::new();
            Ok((*id, published))
        })?;
        findings.extend(found.into_inner().unwrap_or_else(PoisonError::into_inner));
        stretch.end(&format!("{} records read", server.len()));
        Ok(server.into_iter().collect())
    }

    /// Promoters have to hold their own records, supervisors their team's.
    fn compare_phones(
        &self,
        model: &Model,
        server: &BTreeMap<RecordId, Published>,
        findings: &mut Findings,
    ) -> Result<(), Failure> {
        let stretch = Stretch::begin("every phone against the server", self.world.phones().count());
        let own = |owners: &BTreeSet<_>| -> BTreeSet<RecordId> {
            model.records.iter().filter(|(_, record)| owners.contains(&record.owner)).map(|(id, _)| *id).collect()
        };
        let promoters = self.world.promoters.iter();
        let mut shelves: Vec<(&Phone, BTreeSet<RecordId>)> =
            promoters.map(|member| (&member.phone, own(&BTreeSet::from([member.phone.person()])))).collect();
        for supervisor in &self.world.supervisors {
            let team = self.world.promoters.iter().filter(|member| member.team == supervisor.team);
            shelves.push((&supervisor.phone, own(&team.map(|member| member.phone.person()).collect())));
        }
        let compared = each(&shelves, |_, (phone, own)| {
            let held = phone.everything()?;
            stretch.step();
            Ok((held.len(), phone_against_server(&held, own, server)))
        })?;
        let copies: usize = compared.iter().map(|(copies, _)| copies).sum();
        compared.into_iter().for_each(|(_, found)| findings.extend(found));
        stretch.end(&format!("{copies} copies compared field by field"));
        Ok(())
    }

    /// Asks the server for its head of every phone's journal, by pushing the last stretch again, and holds every
    /// receipt against it.
    fn check_receipts(&self) -> Result<(usize, usize), Failure> {
        let phones: Vec<&Phone> = self.world.phones().collect();
        let stretch = Stretch::begin("every receipt is honoured", phones.len());
        let checked = each(&phones, |_, phone| {
            let ledger = phone.line.ledger();
            stretch.step();
            let Some(last) = &ledger.last_push else {
                return Ok((ledger.receipts.len(), ledger.receipts.len()));
            };
            let request = WireRequest { token: ledger.token.clone(), ..last.clone() };
            let held = held_head(phone, &request)?;
            Ok((ledger.receipts.len(), ledger.broken(held).len()))
        })?;
        let receipts = checked.iter().map(|(receipts, _)| receipts).sum();
        let broken = checked.iter().map(|(_, broken)| broken).sum();
        stretch.end(&format!("{receipts} receipts, {broken} broken"));
        Ok((receipts, broken))
    }
}

/// The head in the server's answer to a push that it has already.
fn held_head(phone: &Phone, request: &WireRequest) -> Result<Head, Failure> {
    let response = phone.line.ask_again(request).map_err(|error| phone.failed(&error))?;
    let answer: Option<ExchangeResponse> = wire::decode(&response.body, response.encoding, MAX_ANSWER).ok();
    let said = || phone.failed(&format!("a push that was sent again was answered with {}", response.status));
    let answer = answer.ok_or_else(said)?;
    Ok(answer.receipt.map_or(Head::EMPTY, |receipt| receipt.head))
}
