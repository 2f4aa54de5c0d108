//! Commands that keep the data: rebuild, backup, restore.

use std::path::PathBuf;

use clap::{Args, Subcommand};
use serde::Serialize;

use super::{Failure, admin, show};
use crate::clock::{Clock as _, SystemClock};
use crate::config::Config;
use crate::error::ServiceError;
use crate::photo::keep::{Kept, PhotoCopy, copy};
use crate::serve;
use crate::service::admin::Order;
use crate::service::rebuild;
use crate::store::backup::BackupReport;
use crate::store::postgres::backup as postgres;
use crate::store::sqlite::backup::{self as sqlite, Occupant};

#[derive(Args)]
pub(super) struct BackupFlags {
    /// The file to write; it must not exist.
    file: PathBuf,
    /// Copies the photos too, into this folder: those that it lacks. For photos that lie in a folder; a bucket is kept by
    /// its own means.
    #[arg(long, value_name = "FOLDER")]
    photos: Option<PathBuf>,
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
    let rebuilt = rebuild::rebuild(&app, |step| show::progress(&step.to_string())).await;
    app.store.close().await;
    show::progress(&format!("rebuilt {} records", rebuilt?));
    Ok(())
}

/// Copies the database and checks the copy; the server may be running.
pub(super) async fn backup(config: Config, flags: BackupFlags) -> Result<(), Failure> {
    let now = SystemClock.now();
    let (report, named) = match &config.database.url {
        None => (sqlite::backup(&config.database.folder, &flags.file, now).await?, None),
        Some(url) => {
            let backup = postgres::backup(url, &flags.file, now).await?;
            (backup.report, Some(backup.photos))
        }
    };
    // Only now may phones let go of what the backup holds, once no older one is going to be restored.
    let note = Order::NoteBackup { taken_at: report.taken_at, journals: report.journals.clone() };
    admin::order(config.clone(), note).await?;
    let taken_at = report.taken_at;
    let photos = back_up_photos(&config, &flags, named).await?;
    // What lies in a bucket does not depend on this machine.
    let all_kept = photos.map_or(config.photos.folder(&config.database.folder).is_none(), |copy| copy.missing == 0);
    if all_kept {
        admin::order(config, Order::NotePhotoBackup { taken_at }).await?;
    }
    show::report(&BackupDone { report, photos }, flags.json);
    Ok(())
}

/// A finished backup with the photos, if they were copied.
#[derive(Serialize)]
struct BackupDone {
    #[serde(flatten)]
    report: BackupReport,
    photos: Option<PhotoCopy>,
}

async fn back_up_photos(
    config: &Config,
    flags: &BackupFlags,
    named: Option<Vec<Kept>>,
) -> Result<Option<PhotoCopy>, Failure> {
    let Some(to) = flags.photos.clone() else {
        return Ok(None);
    };
    let Some(from) = config.photos.folder(&config.database.folder) else {
        return Err(Failure::Refused("photos.store is s3: back the bucket up by its own means".to_owned()));
    };
    let kept = match named {
        Some(named) => named,
        None => sqlite::photos(&flags.file).await?,
    };
    let copying = tokio::task::spawn_blocking(move || copy(&kept, &from, &to));
    let copied = copying.await.map_err(ServiceError::internal)?;
    Ok(Some(copied?))
}

#[derive(Subcommand)]
pub(super) enum PhotosCommand {
    /// Removes uploads that were given up, photos that nothing needs, and what a crash left behind. A running server does
    /// it by itself every few hours.
    Gc {
        /// Only says what there is to do.
        #[arg(long)]
        dry_run: bool,
        /// Prints the report as one line of JSON.
        #[arg(long)]
        json: bool,
    },
}

/// Looks after the photos.
pub(super) async fn photos(config: Config, command: PhotosCommand) -> Result<(), Failure> {
    let PhotosCommand::Gc { dry_run, json } = command;
    let collected = admin::order(config, Order::CollectPhotos { dry_run }).await?;
    show::answer(&collected, json);
    Ok(())
}

/// Puts a backup into the folder of a stopped server, or into an empty database.
pub(super) async fn restore(config: Config, flags: RestoreFlags) -> Result<(), Failure> {
    let report = match &config.database.url {
        None => {
            let occupant = if flags.set_aside { Occupant::SetAside } else { Occupant::Keep };
            sqlite::restore(&flags.file, &config.database.folder, occupant, SystemClock.now()).await?
        }
        Some(url) => postgres::restore(&flags.file, url).await?,
    };
    show::report(&report, flags.json);
    Ok(())
}
