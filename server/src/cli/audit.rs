//! `daybook audit`: whether anybody has tampered with the audit trail, and the trail as a file.

use clap::{Args, Subcommand};
use serde_json::Value;

use super::{Failure, admin, show};
use crate::config::Config;
use crate::service::admin::Order;

/// Entries that are asked for at once.
const PAGE: u32 = 1_000;

#[derive(Subcommand)]
pub(super) enum AuditCommand {
    /// Checks that no entry was changed or removed since it was written. Fails if one was.
    Verify {
        #[command(flatten)]
        within: Within,
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
        AuditCommand::Verify { within: Within { organisation }, json } => {
            let checked = admin::order(config, Order::CheckTrail { organisation }).await?;
            show::answer(&checked, json);
            if checked["sound"] == true {
                Ok(())
            } else {
                Err(Failure::Refused(
                    "the audit trail is not what was written: see `broken`, `false_anchors` and `false_statements`"
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
