//! Somebody at the machine itself: the real command line, which reaches the server over the socket in its folder.

use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use hyper_util::rt::TokioIo;
use hyper_util::service::TowerToHyperService;
use serde_json::Value;
use server::router;
use tokio::net::UnixListener;
use tokio::task::JoinHandle;

use super::TestApp;

pub(crate) struct Machine {
    folder: PathBuf,
    listening: JoinHandle<()>,
}

impl Machine {
    /// Whoever sits before this server, which listens on its socket from now on.
    pub(crate) fn of(test: &TestApp) -> Self {
        let folder = test.folder().to_owned();
        let listener = UnixListener::bind(test.app.config.database.socket()).unwrap();
        let router = router::local(&test.app);
        let listening = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let service = TowerToHyperService::new(router.clone());
                tokio::spawn(
                    hyper::server::conn::http1::Builder::new().serve_connection(TokioIo::new(stream), service),
                );
            }
        });
        Self { folder, listening }
    }

    /// What `daybook admin` with these arguments says for programs.
    pub(crate) async fn orders(&self, arguments: &[&str]) -> Value {
        let output = self.run([&["admin", "--json"][..], arguments].concat()).await;
        assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
        let said = String::from_utf8(output.stdout).unwrap();
        assert_eq!(said.lines().count(), 1, "{arguments:?}: one line of JSON");
        serde_json::from_str(&said).unwrap()
    }

    /// A list.
    pub(crate) async fn lists(&self, arguments: &[&str]) -> Vec<Value> {
        self.orders(arguments).await.as_array().unwrap().clone()
    }

    /// What it says for people.
    pub(crate) async fn says(&self, arguments: &[&str]) -> String {
        let output = self.run([&["admin"][..], arguments].concat()).await;
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    }

    /// Why it refuses: the code at the end of its sentence. Nothing else is printed.
    pub(crate) async fn refuses(&self, arguments: &[&str]) -> String {
        let output = self.run([&["admin", "--json"][..], arguments].concat()).await;
        assert_eq!((output.status.code(), output.stdout.as_slice()), (Some(1), b"".as_slice()), "{arguments:?}");
        let said = String::from_utf8(output.stderr).unwrap();
        let code = said.trim_end().strip_suffix(')').and_then(|said| said.rsplit(['(', ' ']).next());
        code.unwrap_or_else(|| panic!("{said}")).to_owned()
    }

    /// Whether the command line itself does not take these arguments.
    pub(crate) async fn does_not_take(&self, arguments: &[&str]) -> bool {
        self.run([&["admin"][..], arguments].concat()).await.status.code() == Some(2)
    }

    /// On another thread: the server that is asked runs on this one.
    async fn run(&self, arguments: Vec<&str>) -> Output {
        let mut command = command(&self.folder);
        command.args(arguments);
        tokio::task::spawn_blocking(move || command.output().unwrap()).await.unwrap()
    }
}

impl Drop for Machine {
    fn drop(&mut self) {
        self.listening.abort();
    }
}

fn command(folder: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_daybook"));
    // Whoever runs the tests may have settings of their own.
    for (name, _) in std::env::vars_os().filter(|(name, _)| name.to_string_lossy().starts_with("DAYBOOK_")) {
        command.env_remove(name);
    }
    command.arg("--data-dir").arg(folder).stdin(Stdio::null());
    command
}
