//! The commands of `daybook`.

mod admin;
mod audit;
mod keep;
mod moving;
mod show;
mod socket;

use std::future::Future;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, Parser, Subcommand};

use crate::config::{Config, ConfigError, Layers, SETTINGS};
use crate::error::ServiceError;
use crate::photo::keep::CopyError;
use crate::serve::{self, ServeError};
use crate::store::backup::BackupError;
use crate::store::postgres::moving::MoveError;
use crate::telemetry;

/// Takes in what promoters recorded without a network, and shows it to offices and head quarters.
#[derive(Parser)]
#[command(name = "daybook", version)]
struct Daybook {
    #[command(flatten)]
    layers: CommonFlags,
    #[command(subcommand)]
    command: Command,
}

#[derive(Args)]
struct CommonFlags {
    /// The configuration file (TOML).
    #[arg(long, env = "DAYBOOK_CONFIG", global = true, value_name = "FILE")]
    config: Option<PathBuf>,
    /// The folder of the embedded database; created at first start.
    #[arg(long, global = true, value_name = "FOLDER")]
    data_dir: Option<String>,
}

#[derive(Subcommand)]
enum Command {
    /// Runs the server until it is told to stop (SIGTERM or Ctrl-C).
    Serve(ServeFlags),
    /// Sets up organisations, people and phones, whether the server runs or not.
    Admin(admin::AdminCommand),
    /// Recreates the read tables from the change log of a stopped server.
    Rebuild,
    /// Looks after the photos, whether the server runs or not.
    Photos {
        #[command(subcommand)]
        command: keep::PhotosCommand,
    },
    /// Copies the database of a running or stopped server into a file, and checks the copy.
    Backup(keep::BackupFlags),
    /// Puts a backup into the folder of a stopped server, as a new life of the database.
    Restore(keep::RestoreFlags),
    /// Moves the organisation of a stopped server from its folder to PostgreSQL, so that phones don't notice.
    Migrate(moving::MigrateFlags),
    /// Checks or exports the audit trail, whether the server runs or not.
    Audit {
        #[command(subcommand)]
        command: audit::AuditCommand,
    },
    /// Looks at the configuration.
    Config {
        #[command(subcommand)]
        command: ConfigCommand,
    },
}

#[derive(Args, Default)]
struct ServeFlags {
    /// Where to listen for phones and browsers, for example 0.0.0.0:8080.
    #[arg(long, value_name = "ADDRESS")]
    listen: Option<String>,
    /// Another port; 0 for any that is free.
    #[arg(long)]
    port: Option<u16>,
    /// Where to listen for Prometheus, or off.
    #[arg(long, value_name = "ADDRESS")]
    metrics_listen: Option<String>,
    /// The form of log lines: text or json.
    #[arg(long, value_name = "FORM")]
    log_format: Option<String>,
    /// Writes the addresses into this file as JSON once the server listens.
    #[arg(long, value_name = "FILE")]
    address_file: Option<PathBuf>,
}

#[derive(Subcommand)]
enum ConfigCommand {
    /// Prints every setting and where it comes from, or what is wrong with it.
    Check,
}

/// Why a command failed.
#[derive(Debug, thiserror::Error)]
enum Failure {
    #[error(transparent)]
    Config(#[from] ConfigError),
    #[error(transparent)]
    Serve(#[from] ServeError),
    /// Refused by the server, or by the services in this process.
    #[error("{0}")]
    Refused(String),
    #[error("{what}")]
    Io {
        what: String,
        #[source]
        source: std::io::Error,
    },
    #[error(transparent)]
    Backup(#[from] BackupError),
    #[error(transparent)]
    Move(#[from] MoveError),
    #[error(transparent)]
    Photos(#[from] CopyError),
}

impl From<ServiceError> for Failure {
    fn from(error: ServiceError) -> Self {
        let mut said = show::refusal(error.code.name, error.code.title, error.detail.as_deref());
        // There is no log to look into: whoever runs the command owns the data.
        if let Some(cause) = error.internal {
            said.push_str(&format!(": {cause}"));
        }
        Self::Refused(said)
    }
}

/// Runs the program; the arguments and the environment are the process's.
pub fn run() -> ExitCode {
    let Daybook { layers: flags, command } = Daybook::parse();
    match perform(&flags, command) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            show::failure(&failure);
            ExitCode::from(if matches!(failure, Failure::Config(_)) { 2 } else { 1 })
        }
    }
}

fn perform(flags: &CommonFlags, command: Command) -> Result<(), Failure> {
    match command {
        Command::Serve(serving) => {
            let config = Config::read(flags.layers(&serving))?;
            telemetry::start(&config.log);
            Ok(in_runtime(serve::serve(config, serving.address_file.as_deref()))??)
        }
        Command::Admin(command) => in_runtime(admin::run(flags.config()?, command))?,
        Command::Rebuild => in_runtime(keep::rebuild(flags.config()?))?,
        Command::Photos { command } => in_runtime(keep::photos(flags.config()?, command))?,
        Command::Audit { command } => in_runtime(audit::run(flags.config()?, command))?,
        Command::Backup(flagged) => in_runtime(keep::backup(flags.config()?, flagged))?,
        Command::Restore(flagged) => in_runtime(keep::restore(flags.config()?, flagged))?,
        Command::Migrate(flagged) => in_runtime(moving::migrate(flags.config()?, flagged))?,
        Command::Config { command: ConfigCommand::Check } => {
            let layers = flags.layers(&ServeFlags::default());
            Config::read(layers.clone())?;
            show::settings(SETTINGS.iter().map(|setting| (setting.key, layers.show(*setting))));
            Ok(())
        }
    }
}

impl CommonFlags {
    fn layers(&self, serving: &ServeFlags) -> Layers {
        let layers = match &self.config {
            Some(path) => Layers::default().file(path),
            None => Layers::default(),
        };
        // A variable whose name or value is not Unicode can't be one of ours.
        let variables = std::env::vars_os();
        let readable =
            variables.filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)));
        layers
            .environment(readable)
            .flag("--data-dir", "database.folder", self.data_dir.clone())
            .flag("--listen", "http.listen", serving.listen.clone())
            .port("--port", serving.port)
            .flag("--metrics-listen", "http.metrics_listen", serving.metrics_listen.clone())
            .flag("--log-format", "log.format", serving.log_format.clone())
    }

    fn config(&self) -> Result<Config, ConfigError> {
        let config = Config::read(self.layers(&ServeFlags::default()))?;
        telemetry::start(&crate::config::Log { filter: "warn".to_owned(), ..config.log.clone() });
        Ok(config)
    }
}

fn in_runtime<T>(work: impl Future<Output = T>) -> Result<T, Failure> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    let runtime = runtime.map_err(|source| Failure::Io { what: "threads can't be started".to_owned(), source })?;
    Ok(runtime.block_on(work))
}
