//! Commands that keep the data: rebuild, backup, restore.

use super::{Failure, show};
use crate::config::Config;
use crate::serve;
use crate::service::rebuild;

/// Recreates the read tables in the folder of a stopped server.
pub(super) async fn rebuild(config: Config) -> Result<(), Failure> {
    let app = serve::open(config).await?;
    let rebuilt = rebuild::rebuild(&app, |count| show::progress(&format!("{count} records"))).await;
    app.store.close().await;
    show::progress(&format!("rebuilt {} records", rebuilt?));
    Ok(())
}
