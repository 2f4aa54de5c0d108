//! Connections that are slow, silent, too many, or don't read: they cost a little and not for long.

#![expect(clippy::unwrap_used, reason = "clippy.toml allows it in test functions, not in what they share")]

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::process::{Child, ChildStderr, Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;
use tempfile::TempDir;

/// A server with short patience.
struct Server {
    child: Child,
    address: String,
    _log: BufReader<ChildStderr>,
    _folder: TempDir,
}

impl Server {
    fn with(settings: &[(&str, &str)]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("addresses.json");
        let mut command = Command::new(env!("CARGO_BIN_EXE_daybook"));
        for (name, _) in std::env::vars_os().filter(|(name, _)| name.to_string_lossy().starts_with("DAYBOOK_")) {
            command.env_remove(name);
        }
        command.args(["serve", "--port", "0", "--data-dir"]).arg(folder.path().join("data"));
        command.arg("--address-file").arg(&file).envs(settings.iter().copied());
        let mut child = command.stdin(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
        let mut log = BufReader::new(child.stderr.take().unwrap());
        let mut line = String::new();
        while !line.contains("listening") {
            line.clear();
            assert_ne!(log.read_line(&mut line).unwrap(), 0, "it does not start");
        }
        let addresses: Value = serde_json::from_slice(&std::fs::read(&file).unwrap()).unwrap();
        let address = addresses["http"].as_str().unwrap().to_owned();
        Self { child, address, _log: log, _folder: folder }
    }

    fn connect(&self) -> TcpStream {
        let stream = TcpStream::connect(&self.address).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
        stream
    }

    fn is_alive(&self) -> bool {
        let mut stream = self.connect();
        stream.write_all(b"GET /healthz HTTP/1.1\r\nhost: daybook\r\nconnection: close\r\n\r\n").unwrap();
        all_of(&mut stream).starts_with("HTTP/1.1 204")
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Everything up to the end of the connection. A connection that is cut with something unread ends with a reset.
fn all_of(stream: &mut TcpStream) -> String {
    let mut said = Vec::new();
    let _ = stream.read_to_end(&mut said);
    String::from_utf8_lossy(&said).into_owned()
}

#[test]
fn a_connection_that_is_idle_between_requests_is_closed() {
    let server = Server::with(&[("DAYBOOK_LIMITS_IDLE_SECONDS", "1")]);
    let mut kept = server.connect();
    kept.write_all(b"GET /healthz HTTP/1.1\r\nhost: daybook\r\n\r\n").unwrap();
    let begun = Instant::now();
    assert!(all_of(&mut kept).starts_with("HTTP/1.1 204"));
    assert!(begun.elapsed() >= Duration::from_millis(900), "it was kept for a while");
}

#[test]
fn a_body_that_trickles_is_given_up() {
    let server =
        Server::with(&[("DAYBOOK_LIMITS_IDLE_SECONDS", "1"), ("DAYBOOK_LIMITS_SLOWEST_BYTES_PER_SECOND", "1048576")]);
    let mut stream = server.connect();
    stream
        .write_all(
            b"POST /sync/v1/token HTTP/1.1\r\nhost: daybook\r\ncontent-length: 100000\r\n\
              content-type: application/vnd.daybook.sync-v1+cbor\r\n\r\n",
        )
        .unwrap();
    // Never silent for long, and never done: the answer comes all the same.
    stream.set_read_timeout(Some(Duration::from_millis(200))).unwrap();
    let mut answer = [0; 4096];
    let mut trickled = 0;
    let length = loop {
        match stream.read(&mut answer) {
            Ok(length) => break length,
            Err(_) => {
                trickled += 1;
                assert!(trickled < 100, "it was never given up");
                stream.write_all(&[0]).unwrap();
            }
        }
    };
    let answer = String::from_utf8_lossy(&answer[..length]).into_owned();
    assert!(answer.starts_with("HTTP/1.1 408") && answer.contains("request.timeout"), "{answer}");
    assert!(trickled > 2, "each byte came in time");
}

/// Slow loris: the head of a request, a byte at a time, each of them in time.
#[test]
fn a_head_that_trickles_is_given_up() {
    let server = Server::with(&[("DAYBOOK_LIMITS_IDLE_SECONDS", "1")]);
    let mut stream = server.connect();
    stream.write_all(b"GET /healthz HTTP/1.1\r\nhost: daybook\r\nx-slow: ").unwrap();
    stream.set_read_timeout(Some(Duration::from_millis(200))).unwrap();
    let mut trickled = 0;
    while stream.read(&mut [0; 64]).is_err() && stream.write_all(b"x").is_ok() {
        trickled += 1;
        assert!(trickled < 100, "it was never given up");
    }
    assert!(trickled > 2, "each byte came in time");
    assert!(server.is_alive());
}

#[test]
fn too_many_silent_connections_make_room_for_one_that_speaks() {
    let server = Server::with(&[("DAYBOOK_HTTP_CONNECTIONS", "16"), ("DAYBOOK_HTTP_ADDRESS_CONNECTIONS", "16")]);
    let mut silent: Vec<TcpStream> = (0..16).map(|_| server.connect()).collect();
    for stream in &mut silent[1..] {
        stream.write_all(b"GET /healthz HTTP/1.1\r\n").unwrap();
    }
    assert!(server.is_alive());
    assert_eq!(all_of(&mut silent[0]), "", "the first of them had to leave");
}

#[test]
fn somebody_who_does_not_read_is_cut() {
    let server = Server::with(&[("DAYBOOK_LIMITS_IDLE_SECONDS", "1")]);
    let mut stream = server.connect();
    // So many answers that no buffer on the way holds them; the server stops reading when it can't write.
    let request = b"GET /openapi.json HTTP/1.1\r\nhost: daybook\r\n\r\n".repeat(100);
    stream.set_write_timeout(Some(Duration::from_secs(60))).unwrap();
    let cut = (0..10_000).any(|_| stream.write_all(&request).is_err());
    assert!(cut, "it goes on for ever");
    assert!(server.is_alive());
}
