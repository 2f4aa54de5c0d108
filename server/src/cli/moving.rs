//! `daybook migrate`: from the folder to PostgreSQL.

use std::sync::Arc;

use clap::Args;

use super::{Failure, show};
use crate::clock::{Dice, SystemClock};
use crate::config::{Config, DatabaseUrl};
use crate::service::rebuild;
use crate::state::App;
use crate::store::postgres::Access;
use crate::store::postgres::moving::{Move, MovedTable};

#[derive(Args)]
pub(super) struct MigrateFlags {
    /// An empty PostgreSQL database, such as postgres://daybook@db.example.com/daybook; nothing for database.url.
    #[arg(long, value_name = "URL", value_parser = address)]
    to: Option<DatabaseUrl>,
    /// Prints the report as one line of JSON.
    #[arg(long)]
    json: bool,
}

fn address(text: &str) -> Result<DatabaseUrl, &'static str> {
    DatabaseUrl::parse(text).ok_or("expected an address such as postgres://daybook@db.example.com/daybook")
}

/// What was moved.
#[derive(serde::Serialize)]
struct Moved {
    tables: Vec<MovedTable>,
    records: u64,
}

/// Moves the organisation of a stopped server. Interrupted, it goes on when it is begun again.
pub(super) async fn migrate(config: Config, flags: MigrateFlags) -> Result<(), Failure> {
    let Some(url) = flags.to.or_else(|| config.database.url.clone()) else {
        return Err(Failure::Refused("say where to with --to postgres://...".to_owned()));
    };
    let mut moving = Move::begin(&config.database.folder, &Access::of(&url, &config.database, None)).await?;
    let copying = |table: &str, rows| show::progress(&format!("copying {table}: {rows} rows"));
    let compared = |table: &str, rows| show::progress(&format!("compared {table}: {rows} rows"));
    let tables = loop {
        // What was copied by an earlier attempt may not even fit what came since.
        let done = match moving.copy(copying).await {
            Ok(()) => moving.verify(compared).await,
            Err(error) => Err(error),
        };
        match done {
            Ok(tables) => break tables,
            Err(error) if error.is_about_contents() && moving.begin_anew().await? => {
                show::progress("the server has run since this move was begun: everything is copied anew");
            }
            Err(error) => return Err(error.into()),
        }
    };
    let app = App::new(moving.store(), Arc::new(SystemClock), Dice::system(), config).await?;
    let records = rebuild::rebuild(&app, |step| show::progress(&format!("searchable: {step}"))).await?;
    moving.finish().await?;
    app.store.close().await;
    show::progress(&format!("moved; from now on set database.url = \"{url}\""));
    show::report(&Moved { tables, records }, flags.json);
    Ok(())
}
