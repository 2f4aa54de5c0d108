//! Backups with PostgreSQL's own programs, which have to be installed where `daybook` runs.
//!
//! A backup counts as one only after it was restored into a database of its own and checked there: that a file can be
//! restored is proved by restoring it, and by nothing else. A restored database begins a new epoch, as on SQLite.

use std::path::{Path, PathBuf};
use std::process::Command;

use sqlx::postgres::PgConnectOptions;
use sqlx::{AssertSqlSafe, Connection as _};
use sync_core::time::UnixMillis;

use super::audit::{broken_journals, changes_are_intact, contents, is_known, journals, kept_photos, set_epoch};
use super::{Conn, Db, migrations};
use crate::config::DatabaseUrl;
use crate::hex::hex;
use crate::photo::keep::Kept;
use crate::store::StoreError;
use crate::store::backup::{BackupError, BackupReport, Contents, RestoreReport, beside, remove, settle};
use crate::store::shared::statements;

statements! {
    TABLES = "select count(*) from pg_class where relnamespace = 'public'::regnamespace and relkind in ('r', 'p')";
    // Nobody works in them.
    CHECKS = "select cast(datname as text) from pg_database d where starts_with(datname, $1) \
        and not exists (select 1 from pg_stat_activity a where a.datid = d.oid)";
}

/// Nobody takes longer to look at a copy.
const CHECKING_MS: i64 = 24 * 3_600_000;

/// A finished backup, and the photos that it names. Their bytes are not in it.
#[derive(Debug)]
pub struct Backup {
    /// What was copied.
    pub report: BackupReport,
    /// The photos.
    pub photos: Vec<Kept>,
}

/// Copies the database into the file `target`, restores the copy into another database beside it, checks that and drops
/// it again. Servers may be running. The user has to be allowed to create databases.
///
/// # Errors
/// If the target exists, or the copy can't be made or is not sound; then there is no file `target` afterwards.
pub async fn backup(url: &DatabaseUrl, target: &Path, now: UnixMillis) -> Result<Backup, BackupError> {
    if target.exists() {
        return Err(BackupError::Exists(target.to_owned()));
    }
    let unfinished = beside(target, ".unfinished");
    remove(&unfinished)?;
    let mut live = Conn::connect_with(&url.options()).await?;
    let before = contents(&mut live).await?;
    let gaps = broken_journals(&mut live).await?;
    // Who leads is a matter of this moment: a server on the restored database would wait until that lead lapses.
    let plainly = ["--format=custom", "--exclude-table-data=lead", "--file"].map(PathBuf::from);
    let copied = run("pg_dump", url, None, plainly.into_iter().chain([unfinished.clone()]).collect()).await;
    let checked = match copied {
        Ok(()) => check(url, &mut live, &unfinished, now).await,
        Err(error) => Err(error),
    };
    live.close().await?;
    let checked = checked.and_then(|checked| match checked {
        Checked { contents, gaps: left, .. } if contents.changes < before.changes || left > gaps => {
            Err(BackupError::Damaged { file: target.to_owned(), what: "changes are missing".to_owned() })
        }
        whole => Ok(whole),
    });
    let Checked { contents, journals, photos, .. } = match checked {
        Ok(checked) => checked,
        Err(error) => {
            remove(&unfinished)?;
            return Err(error);
        }
    };
    let bytes = settle(&unfinished, target)?;
    Ok(Backup { report: BackupReport { file: target.to_owned(), bytes, contents, taken_at: now, journals }, photos })
}

/// What was found in a restored copy.
struct Checked {
    contents: Contents,
    gaps: i64,
    journals: Vec<(sync_core::id::DeviceId, u64)>,
    photos: Vec<Kept>,
}

/// Restores a copy into a database of its own and looks at it.
async fn check(url: &DatabaseUrl, live: &mut Conn, file: &Path, now: UnixMillis) -> Result<Checked, BackupError> {
    let plain = |c: &char| c.is_ascii_alphanumeric() || *c == '_';
    let database: String = url.options().get_database().unwrap_or("daybook").chars().filter(plain).take(40).collect();
    let prefix = format!("{database}_check_").to_ascii_lowercase();
    sweep(live, &prefix, now).await?;
    // The second in which it was made, and a number that nobody else takes in it.
    let mut number = [0; 3];
    getrandom::fill(&mut number).map_err(|error| StoreError::Internal(Box::new(error)))?;
    let second = u64::try_from(now.0 / 1_000).unwrap_or(0);
    // Made of letters and digits, hence safe.
    let name = format!("{prefix}{second:010x}{}", hex(&number));
    let create = format!("create database \"{name}\" template template0 encoding 'UTF8'");
    sqlx::raw_sql(AssertSqlSafe(create)).execute(&mut *live).await?;
    let looked = match fill(url, Some(&name), file).await {
        Ok(()) => look(&url.options().database(&name), file).await,
        Err(error) => Err(error),
    };
    let drop = format!("drop database \"{name}\" with (force)");
    sqlx::raw_sql(AssertSqlSafe(drop)).execute(live).await?;
    looked
}

/// Drops what backups left that were killed a day ago or earlier. It is as large as the database.
async fn sweep(live: &mut Conn, prefix: &str, now: UnixMillis) -> Result<(), BackupError> {
    for (name,) in sqlx::query_as::<Db, (String,)>(CHECKS).bind(prefix).fetch_all(&mut *live).await? {
        let digits = name.strip_prefix(prefix).filter(|digits| digits.len() == 16);
        let number = digits.and_then(|digits| u64::from_str_radix(digits, 16).ok());
        let made_at = number.and_then(|number| i64::try_from(number >> 24).ok()?.checked_mul(1_000)).map(UnixMillis);
        if made_at.is_some_and(|made_at| now.since(made_at) > CHECKING_MS) {
            sqlx::raw_sql(AssertSqlSafe(format!("drop database \"{name}\""))).execute(&mut *live).await?;
            tracing::warn!(database = name, "what a backup that was killed had left is dropped");
        }
    }
    Ok(())
}

async fn look(options: &PgConnectOptions, file: &Path) -> Result<Checked, BackupError> {
    let mut conn = Conn::connect_with(options).await?;
    let contents = verify(&mut conn, file).await?;
    let gaps = broken_journals(&mut conn).await?;
    let checked =
        Checked { contents, gaps, journals: journals(&mut conn).await?, photos: kept_photos(&mut conn).await? };
    conn.close().await?;
    Ok(checked)
}

async fn verify(conn: &mut Conn, file: &Path) -> Result<Contents, BackupError> {
    if !is_known(conn, &migrations()).await? {
        return Err(BackupError::Foreign(file.to_owned()));
    }
    if !changes_are_intact(conn).await? {
        let what = "a change is not what its name says".to_owned();
        return Err(BackupError::Damaged { file: file.to_owned(), what });
    }
    Ok(contents(conn).await?)
}

/// Fills an empty database from a backup and begins a new life of it. No server may be running on it.
///
/// # Errors
/// If the backup is not sound, or the database can't be filled or is not empty.
pub async fn restore(backup: &Path, url: &DatabaseUrl) -> Result<RestoreReport, BackupError> {
    if !backup.is_file() {
        return Err(BackupError::Missing(backup.to_owned()));
    }
    let mut conn = Conn::connect_with(&url.options()).await?;
    let (tables,) = sqlx::query_as::<Db, (i64,)>(TABLES).fetch_one(&mut conn).await?;
    if tables > 0 {
        return Err(BackupError::NotEmpty(url.to_string()));
    }
    fill(url, None, backup).await?;
    let mut contents = verify(&mut conn, backup).await?;
    // A second restoration of the same backup begins the same epoch; the salts of the feeds tell the two apart.
    contents.epoch += 1;
    set_epoch(&mut conn, contents.epoch).await?;
    conn.close().await?;
    Ok(RestoreReport { contents, set_aside: None })
}

async fn fill(url: &DatabaseUrl, database: Option<&str>, file: &Path) -> Result<(), BackupError> {
    let plainly = ["--exit-on-error", "--single-transaction", "--no-owner", "--no-privileges"];
    let arguments = plainly.iter().map(PathBuf::from).chain([file.to_owned()]).collect();
    run("pg_restore", url, database, arguments).await
}

/// Runs one of PostgreSQL's programs on the database, or on another one beside it. The password is not among the
/// arguments, which everybody on the machine can read.
async fn run(
    program: &'static str,
    url: &DatabaseUrl,
    database: Option<&str>,
    arguments: Vec<PathBuf>,
) -> Result<(), BackupError> {
    let (place, password) = url.for_programs(database);
    let mut command = Command::new(program);
    command.arg("--dbname").arg(place).arg("--no-password").args(arguments);
    if let Some(password) = password {
        command.env("PGPASSWORD", password);
    }
    let ran = tokio::task::spawn_blocking(move || command.output()).await;
    let output = ran.map_err(|error| StoreError::Internal(Box::new(error)))?;
    let failed = |said: String| BackupError::Program { program, said };
    let output = output.map_err(|error| failed(format!("{error}; the package postgresql-client has it")))?;
    if output.status.success() { Ok(()) } else { Err(failed(String::from_utf8_lossy(&output.stderr).into_owned())) }
}
