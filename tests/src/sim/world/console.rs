//! What staff do at the console while phones go on.

use serde_json::{Map, Value};
use server::error::ServiceError;
use server::service::edit::{Correction, edit_facts};
use server::service::review::{Decision, decide};
use server::store::{Person, RecordFilter, RecordLine, RecordQuery, Scope};
use sync_core::record::review::ReviewState;

use super::World;
use crate::failure::Failure;
use crate::sim::backend::{odd, refused};
use crate::sim::diary::{Corrected, What};
use crate::sim::handset::fields_of;
use crate::sim::luck::Luck;

impl World {
    pub(super) async fn lines(&self) -> Result<Vec<RecordLine>, Failure> {
        let reviewer = self.reviewer().await?;
        let scope = Scope::Organisation(reviewer.organisation);
        let query = RecordQuery { scope, filter: RecordFilter::default(), after: None, limit: 200 };
        self.backend.truth().list_records(&query).await.map_err(odd("the list"))
    }

    pub(super) async fn reviewer(&self) -> Result<Person, Failure> {
        self.backend.truth().person(self.house.reviewer).await.map_err(odd("the reviewer"))
    }

    /// Head quarters decides about a record.
    pub(super) async fn review(&mut self, luck: &mut Luck) -> Result<(), Failure> {
        let lines = self.lines().await?;
        let Some(line) = luck.pick(&lines) else { return Ok(()) };
        let states = [ReviewState::Approved, ReviewState::Returned, ReviewState::Rejected, ReviewState::Received];
        let state = luck.pick(&states).copied().unwrap_or(ReviewState::Returned);
        let decision =
            Decision { state, reason: Some("看过".to_owned()), seen: Some(line.heads.clone()), only_clean: false };
        let reviewer = self.reviewer().await?;
        let decided = decide(self.backend.app(), &reviewer, line.row.id, decision).await;
        self.done_at_the_console("a verdict", decided).await.map(drop)
    }

    /// Head quarters corrects a record.
    pub(super) async fn correct(&mut self, luck: &mut Luck) -> Result<(), Failure> {
        let lines = self.lines().await?;
        let open: Vec<&RecordLine> = lines.iter().filter(|line| !line.row.review.is_closed()).collect();
        let Some(line) = luck.pick(&open) else { return Ok(()) };
        let fields = fields_of(line.row.kind);
        let field = fields[luck.index(fields.len())];
        self.corrections += 1;
        let value = format!("hq{}.", self.corrections);
        let facts: Map<String, Value> = [(field.to_owned(), Value::from(value.clone()))].into_iter().collect();
        let reviewer = self.reviewer().await?;
        let correction = Correction { facts, seen: None };
        let corrected = edit_facts(self.backend.app(), &reviewer, line.row.id, &correction).await;
        if self.done_at_the_console("a correction", corrected).await? {
            self.diary.corrected.push(Corrected { record: line.row.id, what: What::Field { field, value } });
        }
        Ok(())
    }

    /// Whether the console said that it was done. What a storage in trouble did all the same, nobody was promised.
    pub(super) async fn done_at_the_console<T>(
        &mut self,
        what: &'static str,
        answer: Result<T, ServiceError>,
    ) -> Result<bool, Failure> {
        let done = match answer {
            Ok(_) => true,
            Err(error) if error.is_retryable() => false,
            Err(error) => return Err(refused(what)(error)),
        };
        self.see_to_the_server(!done).await?;
        Ok(done)
    }
}
