//! The program itself: started, ordered about while it runs and while it does not, told to stop.

#![expect(clippy::unwrap_used, reason = "clippy.toml allows it in test functions, not in what they share")]

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, ChildStderr, Command, Output, Stdio};

use serde_json::{Value, json};
use tempfile::TempDir;

struct Daybook {
    folder: TempDir,
}

struct Running {
    child: Child,
    log: BufReader<ChildStderr>,
    addresses: Value,
}

impl Daybook {
    fn new() -> Self {
        Self { folder: tempfile::tempdir().unwrap() }
    }

    fn data(&self) -> std::path::PathBuf {
        self.folder.path().join("data")
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_daybook"));
        // Whoever runs the tests may have settings of their own.
        for (name, _) in std::env::vars_os().filter(|(name, _)| name.to_string_lossy().starts_with("DAYBOOK_")) {
            command.env_remove(name);
        }
        command.args(arguments).arg("--data-dir").arg(self.data()).stdin(Stdio::null());
        command
    }

    fn run(&self, arguments: &[&str]) -> Output {
        self.command(arguments).output().unwrap()
    }

    #[track_caller]
    fn answer(&self, arguments: &[&str]) -> Value {
        let output = self.run(arguments);
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        serde_json::from_slice(&output.stdout).unwrap()
    }

    /// Starts the server and reads its log until it listens.
    fn serve(&self, arguments: &[&str]) -> Running {
        let file = self.folder.path().join("addresses.json");
        let mut command = self.command(&["serve", "--port", "0", "--metrics-listen", "127.0.0.1:0"]);
        command.args(arguments).arg("--address-file").arg(&file).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let log = BufReader::new(child.stderr.take().unwrap());
        let mut running = Running { child, log, addresses: Value::Null };
        running.wait_for_line("listening");
        running.addresses = serde_json::from_slice(&std::fs::read(&file).unwrap()).unwrap();
        running
    }
}

impl Running {
    fn connect(&self, face: &str) -> TcpStream {
        TcpStream::connect(self.addresses[face].as_str().unwrap()).unwrap()
    }

    fn get(&self, face: &str, path: &str) -> String {
        let mut stream = self.connect(face);
        write!(stream, "GET {path} HTTP/1.1\r\nhost: daybook\r\nconnection: close\r\n\r\n").unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        answer
    }

    fn tell_to_stop(&self) {
        let line = format!("kill -TERM {}", self.child.id());
        assert!(Command::new("sh").args(["-c", &line]).status().unwrap().success());
    }

    fn wait_for_line(&mut self, wanted: &str) {
        let mut line = String::new();
        while !line.contains(wanted) {
            line.clear();
            assert_ne!(self.log.read_line(&mut line).unwrap(), 0, "it ended without {wanted:?}");
        }
    }

    /// Tells it to stop and gives the rest of its log.
    fn stop(self) -> String {
        self.tell_to_stop();
        self.end()
    }

    /// Waits for its end and gives the rest of its log.
    fn end(mut self) -> String {
        let mut log = String::new();
        self.log.read_to_string(&mut log).unwrap();
        assert!(self.child.wait().unwrap().success(), "{log}");
        log
    }
}

impl Drop for Running {
    /// A test that failed must not leave a server behind; one that has ended does not mind.
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
fn a_server_is_ordered_about_whether_it_runs_or_not() {
    let daybook = Daybook::new();
    let made = daybook.answer(&["admin", "organisation", "create", "--name", "远方", "--json"]);
    let running = daybook.serve(&[]);
    let office = daybook.answer(&["admin", "office", "create", "--name", "桂林", "--json"]);
    assert_eq!(office["time_zone"], "Asia/Shanghai");
    let refused = daybook.run(&["admin", "office", "create", "--name", "桂林", "--json"]);
    assert_eq!(refused.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&refused.stderr).contains("name.taken"));

    assert!(running.get("http", "/readyz").starts_with("HTTP/1.1 204"));
    assert!(running.get("http", "/api/v1/me").contains("session.required"));
    let metrics = running.get("metrics", "/metrics");
    assert!(
        metrics.contains("daybook_http_request_seconds_count{method=\"GET\",route=\"/readyz\",status=\"204\"}"),
        "{metrics}"
    );
    assert!(running.get("metrics", "/readyz").starts_with("HTTP/1.1 404"));

    let second = daybook.run(&["serve", "--port", "0"]);
    assert!(String::from_utf8_lossy(&second.stderr).contains("another daybook process"), "one folder, one server");
    let socket = std::fs::metadata(daybook.data().join("daybook.sock")).unwrap();
    assert_eq!(std::os::unix::fs::PermissionsExt::mode(&socket.permissions()) & 0o777, 0o600);

    assert!(running.stop().contains("stopped"));
    assert!(!daybook.folder.path().join("addresses.json").exists());
    let offices = daybook.answer(&["admin", "office", "list", "--json"]);
    assert_eq!(offices[0]["id"], office["id"], "the socket that was left behind does not matter");
    assert_eq!(daybook.answer(&["admin", "organisation", "list", "--json"])[0]["id"], made["id"]);
}

/// Runs SQL on the database of a stopped server, as somebody does who got hold of its disk.
async fn tamper(daybook: &Daybook, sql: &'static str) {
    let options = sqlx::sqlite::SqliteConnectOptions::new().filename(daybook.data().join("daybook.db"));
    let mut conn = sqlx::ConnectOptions::connect(&options).await.unwrap();
    sqlx::query(sql).execute(&mut conn).await.unwrap();
    sqlx::Connection::close(conn).await.unwrap();
}

#[tokio::test]
async fn a_trail_that_was_cut_off_is_told_by_what_was_kept_elsewhere() {
    let daybook = Daybook::new();
    daybook.answer(&["admin", "organisation", "create", "--name", "远方", "--json"]);
    let running = daybook.serve(&[]);
    for office in ["桂林", "柳州", "南宁"] {
        daybook.answer(&["admin", "office", "create", "--name", office, "--json"]);
    }
    let elsewhere = daybook.folder.path().join("elsewhere");
    std::fs::create_dir(&elsewhere).unwrap();
    let exported = daybook.run(&["audit", "export"]);
    std::fs::write(elsewhere.join("trail.jsonl"), &exported.stdout).unwrap();
    daybook.answer(&["admin", "office", "create", "--name", "北海", "--json"]);
    let verify = ["audit", "verify", "--json", "--against", elsewhere.to_str().unwrap()];
    let sound = daybook.answer(&verify);
    assert_eq!((&sound["sound"], &sound["kept"]), (&json!(true), &json!(1)), "{sound}");
    running.stop();

    tamper(&daybook, "delete from audit_entry where no > 2").await;
    let alone = daybook.answer(&["audit", "verify", "--json"]);
    assert_eq!((&alone["sound"], &alone["entries"]), (&json!(true), &json!(2)), "what is left fits");
    let compared = daybook.run(&verify);
    assert_eq!(compared.status.code(), Some(1));
    let found: Value = serde_json::from_slice(&compared.stdout).unwrap();
    assert_eq!((&found["sound"], &found["false_kept"]), (&json!(false), &json!([3])), "{found}");

    tamper(&daybook, "update audit_entry set act = 'nothing' where no = 2").await;
    let changed = daybook.run(&["audit", "verify"]);
    assert_eq!(changed.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&changed.stderr).contains("not what was written"));

    std::fs::write(elsewhere.join("note.txt"), "something else").unwrap();
    let refused = daybook.run(&verify);
    assert_eq!(refused.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&refused.stderr).contains("note.txt: neither a signed statement"));
}

#[test]
fn a_password_comes_from_standard_input() {
    let daybook = Daybook::new();
    daybook.answer(&["admin", "organisation", "create", "--name", "远方", "--json"]);
    let arguments = ["admin", "person", "create", "--name", "李静", "--role", "reviewer", "--login", "lijing"];
    let mut command = daybook.command(&[&arguments[..], &["--password-stdin", "--json"]].concat());
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(b"horse battery staple\n").unwrap();
    let output = child.wait_with_output().unwrap();
    let person: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(person["login"], "lijing");
    assert!(person.get("password").is_none());
}

#[test]
fn a_backup_is_made_while_the_server_runs_and_begins_a_new_life() {
    let daybook = Daybook::new();
    let running = daybook.serve(&["--log-format", "json"]);
    daybook.answer(&["admin", "organisation", "create", "--name", "远方", "--json"]);
    let file = daybook.folder.path().join("backup.db");
    let path = file.to_str().unwrap();
    let report = daybook.answer(&["backup", path, "--json"]);
    assert_eq!(report["contents"]["organisations"], 1);
    let while_running = daybook.run(&["restore", path, "--set-aside"]);
    assert!(!while_running.status.success());
    let log = running.stop();
    assert!(log.lines().all(|line| serde_json::from_str::<Value>(line).is_ok()), "{log}");

    assert!(!daybook.run(&["restore", path]).status.success(), "the folder has a database");
    let restored = daybook.answer(&["restore", path, "--set-aside", "--json"]);
    assert_eq!(restored["contents"]["epoch"], 2);
    assert!(Path::new(restored["set_aside"].as_str().unwrap()).exists());
    let rebuilt = daybook.run(&["rebuild"]);
    assert!(String::from_utf8_lossy(&rebuilt.stderr).contains("rebuilt 0 records"));
}

#[test]
fn mistakes_in_the_configuration_stop_it_at_once() {
    let daybook = Daybook::new();
    let checked = daybook.run(&["config", "check"]);
    let settings = String::from_utf8_lossy(&checked.stdout).into_owned();
    assert!(settings.contains("http.listen = \"127.0.0.1:8080\"  # the default"), "{settings}");
    assert!(settings.contains("# the flag --data-dir"), "{settings}");

    for arguments in [&["config", "check"][..], &["serve"]] {
        let output = daybook.command(arguments).env("DAYBOOK_AUTH_TOKEN_MINUTES", "a while").output().unwrap();
        assert_eq!(output.status.code(), Some(2));
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(
            said.contains("auth.token_minutes = \"a while\", from the variable DAYBOOK_AUTH_TOKEN_MINUTES"),
            "{said}"
        );
    }
    assert!(!daybook.data().exists());
}

#[test]
fn a_stopping_server_answers_what_it_has_begun() {
    let daybook = Daybook::new();
    let mut running = daybook.serve(&[]);
    let mut busy = running.connect("http");
    let body = r#"{"login": "nobody", "password": "nothing"}"#;
    let length = body.len();
    write!(
        busy,
        "POST /api/v1/session HTTP/1.1\r\nhost: daybook\r\ncontent-type: application/json\r\n\
         content-length: {length}\r\nexpect: 100-continue\r\n\r\n"
    )
    .unwrap();
    // The server asks for the body, so it has begun.
    let mut asked = [0; 25];
    busy.read_exact(&mut asked).unwrap();
    assert_eq!(&asked, b"HTTP/1.1 100 Continue\r\n\r\n");
    let mut idle = running.connect("http");
    running.tell_to_stop();
    running.wait_for_line("stopping");
    assert_eq!(idle.read(&mut [0; 1]).unwrap_or(0), 0, "nothing is served any more");

    busy.write_all(body.as_bytes()).unwrap();
    let mut answer = String::new();
    busy.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 401") && answer.contains("session.credentials"), "{answer}");
    assert!(running.end().contains("stopped"));
}

#[test]
fn those_who_are_silent_in_the_middle_are_cut() {
    let daybook = Daybook::new();
    let file = daybook.folder.path().join("daybook.toml");
    std::fs::write(&file, "[limits]\nidle_seconds = 1\n").unwrap();
    let running = daybook.serve(&["--config", file.to_str().unwrap()]);
    let mut in_the_head = running.connect("http");
    in_the_head.write_all(b"GET /healthz HTTP/1.1\r\nhost:").unwrap();
    let mut in_the_body = running.connect("http");
    in_the_body
        .write_all(
            b"POST /api/v1/session HTTP/1.1\r\nhost: daybook\r\ncontent-type: application/json\r\n\
              content-length: 100\r\n\r\n{",
        )
        .unwrap();
    let mut answer = String::new();
    in_the_head.read_to_string(&mut answer).unwrap();
    assert!(!answer.contains("204"), "{answer}");
    answer.clear();
    in_the_body.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 408") && answer.contains("request.timeout"), "{answer}");
    running.stop();
}
