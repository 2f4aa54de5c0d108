//! `daybook audit`: whether anybody has tampered with the audit trail, and the trail as a file.

use std::path::{Path, PathBuf};

use clap::{Args, Subcommand};
use serde::Deserialize;
use serde_json::Value;
use sync_core::id::PublicKey;

use super::{Failure, admin, show};
use crate::config::Config;
use crate::day::statement::{Anchor, Body};
use crate::service::admin::Order;
use crate::service::trail::Kept;

/// Entries that are asked for at once.
const PAGE: u32 = 1_000;

#[derive(Subcommand)]
pub(super) enum AuditCommand {
    /// Checks that no entry was changed or removed since it was written. Fails if one was.
    Verify {
        #[command(flatten)]
        within: Within,
        /// A signed statement that was saved from the console, a trail that was exported, or a folder of these, kept
        /// where nobody who can write the database can. Whoever can has the key of its statements, and could write
        /// all of it anew.
        #[arg(long, value_name = "PATH")]
        against: Vec<PathBuf>,
        /// Prints one JSON object.
        #[arg(long)]
        json: bool,
    },
    /// Prints the trail, oldest first, one JSON object for each entry.
    Export {
        #[command(flatten)]
        within: Within,
    },
}

#[derive(Args)]
pub(super) struct Within {
    /// The organisation's id or name; not needed while there is only one.
    #[arg(long)]
    organisation: Option<String>,
}

pub(super) async fn run(config: Config, command: AuditCommand) -> Result<(), Failure> {
    match command {
        AuditCommand::Verify { within: Within { organisation }, against, json } => {
            let kept = kept(&against)?;
            let checked = admin::order(config, Order::CheckTrail { organisation, kept }).await?;
            show::answer(&checked, json);
            if checked["sound"] == true {
                Ok(())
            } else {
                Err(Failure::Refused(
                    "the audit trail is not what was written: see `broken`, `false_anchors`, `false_statements`, \
                    `false_kept` and `other_keys`"
                        .to_owned(),
                ))
            }
        }
        AuditCommand::Export { within: Within { organisation } } => {
            let mut after = 0;
            loop {
                let order = Order::ListTrail { organisation: organisation.clone(), after, limit: PAGE };
                let Value::Array(page) = admin::order(config.clone(), order).await? else {
                    return Ok(());
                };
                page.iter().for_each(|entry| show::line(&entry.to_string()));
                let Some(last) = page.last().and_then(|entry| entry["no"].as_u64()) else {
                    return Ok(());
                };
                after = last;
            }
        }
    }
}

/// A statement as the console saves it, or as it lies in the data folder, without the key.
#[derive(Deserialize)]
struct SignedFile {
    body: String,
    key: Option<PublicKey>,
}

/// What files say of the trail, folders with all that is in them.
fn kept(paths: &[PathBuf]) -> Result<Vec<Kept>, Failure> {
    let mut kept = Vec::new();
    for path in paths {
        let failed = |error: std::io::Error| Failure::Refused(format!("{}: {error}", path.display()));
        if path.is_dir() {
            let inside = std::fs::read_dir(path).map_err(failed)?;
            let inside = inside.map(|entry| entry.map(|entry| entry.path()).map_err(failed));
            let mut inside = inside.collect::<Result<Vec<_>, _>>()?;
            inside.sort();
            for path in inside.iter().filter(|path| path.is_file()) {
                kept.extend(said(path)?);
            }
        } else {
            kept.extend(said(path)?);
        }
    }
    Ok(kept)
}

/// What a file says of the trail; a statement from before there was one says nothing.
fn said(path: &Path) -> Result<Option<Kept>, Failure> {
    let refused = |why: &dyn std::fmt::Display| Failure::Refused(format!("{}: {why}", path.display()));
    let text = std::fs::read_to_string(path).map_err(|error| refused(&error))?;
    if let Ok(SignedFile { body, key }) = serde_json::from_str(&text) {
        let said: Body = serde_json::from_str(&body).map_err(|error| refused(&error))?;
        let kept = |anchor| Kept { organisation: Some(said.organisation.id), anchor, key };
        return Ok(said.audit.map(kept));
    }
    let last = text.lines().rev().find(|line| !line.trim().is_empty()).unwrap_or_default();
    let last: Result<Anchor, _> = serde_json::from_str(last);
    let anchor = last.map_err(|_| refused(&"neither a signed statement nor an exported trail"))?;
    Ok(Some(Kept { organisation: None, anchor, key: None }))
}
