//! A phone that is told what to do, one order for each run: the browser tests of the console hold it in their hand.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, Subcommand};
use client::{CreateRequest, Daybook, Error, Network, OnMetered, Options, PhotoPolicy};
use serde_json::{Value, json};
use sync_core::id::RecordId;
use sync_core::record::lead::{LeadEdit, LeadFacts};
use sync_core::record::survey::{Answer, SurveyFacts};

/// A phone that is told what to do; answers with one line of JSON.
#[derive(Parser)]
#[command(name = "handset")]
struct Handset {
    /// The file of its store; made at the first run.
    #[arg(long)]
    store: PathBuf,
    /// The server's address.
    #[arg(long)]
    server: String,
    #[command(subcommand)]
    order: Order,
}

#[derive(Subcommand)]
enum Order {
    /// Enrols with a one-time code. It exchanges nothing yet.
    Enrol {
        /// The code.
        code: String,
        /// What the phone is called.
        label: String,
    },
    /// Saves a lead, and sends it.
    Lead {
        /// The person's name.
        name: String,
    },
    /// Writes another name into a lead without asking first what became of it, and sends that.
    Rename {
        /// Which lead.
        id: RecordId,
        /// The name.
        name: String,
    },
    /// Saves a survey for each of the answers to a question, and sends them.
    Surveys {
        /// The form.
        form: String,
        /// The question.
        question: String,
        /// What was answered to it.
        answers: Vec<String>,
    },
    /// Attaches a photo, and sends it with its bytes.
    Photo {
        /// To which record.
        id: RecordId,
        /// The picture.
        file: PathBuf,
    },
    /// Syncs, and says what the office last reminded it of.
    Sync,
}

fn main() -> ExitCode {
    match Handset::parse().obey() {
        Ok(answer) => {
            println!("{answer}");
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("handset: {error}");
            ExitCode::FAILURE
        }
    }
}

impl Handset {
    fn obey(self) -> Result<Value, Error> {
        let phone = Daybook::open(&self.store, Options::http("handset/1", &self.server)?)?;
        match self.order {
            Order::Enrol { code, label } => {
                phone.enrol(&code, &label)?;
                Ok(json!({}))
            }
            Order::Lead { name } => {
                let facts = LeadFacts { name: Some(name), ..LeadFacts::default() };
                let lead = phone.leads().create(CreateRequest { facts, ..CreateRequest::default() })?;
                phone.sync()?;
                Ok(json!({ "id": lead.header.id }))
            }
            Order::Rename { id, name } => {
                phone.leads().edit(id, &[LeadEdit::Name(Some(name))])?;
                phone.sync()?;
                Ok(json!({ "id": id }))
            }
            Order::Surveys { form, question, answers } => {
                for answer in answers {
                    let answers = [(question.clone(), Answer::Text(answer))].into();
                    let facts = SurveyFacts { form: Some(form.clone()), answers, ..SurveyFacts::default() };
                    phone.surveys().create(CreateRequest { facts, ..CreateRequest::default() })?;
                }
                phone.sync()?;
                Ok(json!({}))
            }
            Order::Photo { id, file } => {
                let hash = phone.attach_photo(id, &file, None)?;
                phone.sync()?;
                phone.sync_photos(&PhotoPolicy { network: Network::Unmetered, on_metered: OnMetered::Nothing })?;
                Ok(json!({ "hash": hash }))
            }
            Order::Sync => {
                phone.sync()?;
                let reminder = phone.sync_status()?.reminder;
                Ok(json!({ "reminder": reminder.map(|reminder| json!({ "day": reminder.day, "by": reminder.by })) }))
            }
        }
    }
}
