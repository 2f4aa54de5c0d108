//! Commands that keep the data: rebuild, backup, restore.

use std::path::PathBuf;

use clap::Args;

use super::{Failure, admin, show};
use crate::clock::{Clock as _, SystemClock};
use crate::config::Config;
use crate::serve;
use crate::service::admin::Order;
use crate::service::rebuild;
use crate::store::sqlite::backup::{self, Occupant};

#[derive(Args)]
pub(super) struct BackupFlags {
    /// The file to write; it must not exist.
    file: PathBuf,
    /// Prints the report as one line of JSON.
    #[arg(long)]
    json: bool,
}

#[derive(Args)]
pub(super) struct RestoreFlags {
    /// The backup.
    file: PathBuf,
    /// Sets a database that is in the folder aside under another name, instead of refusing.
    #[arg(long)]
    set_aside: bool,
    /// Prints the report as one line of JSON.
    #[arg(long)]
    json: bool,
}

/// Recreates the read tables in the folder of a stopped server.
pub(super) async fn rebuild(config: Config) -> Result<(), Failure> {
    let app = serve::open(config).await?;
    let rebuilt = rebuild::rebuild(&app, |count| show::progress(&format!("{count} records"))).await;
    app.store.close().await;
    show::progress(&format!("rebuilt {} records", rebuilt?));
    Ok(())
}

/// Copies the database and checks the copy; the server may be running.
pub(super) async fn backup(config: Config, flags: BackupFlags) -> Result<(), Failure> {
    let report = backup::backup(&config.database.folder, &flags.file, SystemClock.now()).await?;
    // Only now may phones let go of what the backup holds, once no older one is going to be restored.
    let note = Order::NoteBackup { taken_at: report.taken_at, journals: report.journals.clone() };
    admin::order(config, note).await?;
    show::report(&report, flags.json);
    Ok(())
}

/// Puts a backup into the folder of a stopped server.
pub(super) async fn restore(config: Config, flags: RestoreFlags) -> Result<(), Failure> {
    let occupant = if flags.set_aside { Occupant::SetAside } else { Occupant::Keep };
    let report = backup::restore(&flags.file, &config.database.folder, occupant, SystemClock.now()).await?;
    show::report(&report, flags.json);
    Ok(())
}
