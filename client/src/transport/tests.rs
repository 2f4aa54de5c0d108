use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener};
use std::thread::JoinHandle;
use std::time::Duration;

use sync_core::engine::{Route, TransportError, WireRequest};
use sync_core::wire::{Body, Encoding, MEDIA_TYPE};

use super::{AddressError, HttpTransport, Patience, Traffic, Transport};

fn request(encoding: Encoding, bytes: &[u8]) -> WireRequest {
    let token = Some("t0ken".to_owned());
    WireRequest { route: Route::Exchange, token, body: Body { encoding, bytes: bytes.to_vec() } }
}

/// A server that answers one request with exactly these bytes, closes, and tells what it was asked.
fn answering(answer: Vec<u8>) -> (SocketAddr, JoinHandle<Vec<u8>>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let server = std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let mut asked = Vec::new();
        let mut buffer = [0; 4096];
        while !is_whole(&asked) {
            let read = stream.read(&mut buffer).unwrap();
            asked.extend_from_slice(&buffer[..read]);
        }
        // The client may hang up in the middle of an answer that it does not want.
        let _ = stream.write_all(&answer);
        asked
    });
    (address, server)
}

fn is_whole(asked: &[u8]) -> bool {
    let text = String::from_utf8_lossy(asked).to_ascii_lowercase();
    let Some((head, _)) = text.split_once("\r\n\r\n") else {
        return false;
    };
    let length = head.lines().find_map(|line| line.strip_prefix("content-length: "));
    asked.len() >= head.len() + 4 + length.map_or(0, |length| length.parse::<usize>().unwrap())
}

fn transport(address: SocketAddr) -> HttpTransport {
    HttpTransport::new(&format!("http://{address}/")).unwrap()
}

#[test]
fn a_request_is_small_and_an_answer_is_passed_on() {
    let body = b"\x01\x02\x03";
    let mut answer = format!(
        "HTTP/1.1 200 OK\r\nContent-Type: {MEDIA_TYPE}; x=y\r\nContent-Encoding: GZIP\r\nContent-Length: 3\r\n\r\n"
    )
    .into_bytes();
    answer.extend_from_slice(body);
    let answered = answer.len() as u64;
    let (address, server) = answering(answer);
    let transport = transport(address);
    let response = transport.send(&request(Encoding::Gzip, b"hello")).unwrap();
    assert_eq!(response.status, 200);
    assert_eq!(response.media_type, MEDIA_TYPE);
    assert_eq!(response.encoding, Encoding::Gzip);
    assert_eq!(response.body, body);
    assert_eq!(transport.traffic(), Traffic { up: 5, down: 3 });

    let asked = String::from_utf8(server.join().unwrap()).unwrap();
    assert_eq!(transport.socket_traffic(), Traffic { up: asked.len() as u64, down: answered });
    let mut lines: Vec<String> = asked.to_ascii_lowercase().lines().map(str::to_owned).collect();
    assert_eq!(lines.remove(0), "post /sync/v1/exchange http/1.1");
    lines.sort_unstable();
    let expected = [
        "".to_owned(),
        "authorization: bearer t0ken".to_owned(),
        "content-encoding: gzip".to_owned(),
        "content-length: 5".to_owned(),
        format!("content-type: {MEDIA_TYPE}"),
        "hello".to_owned(),
        format!("host: {address}"),
    ];
    assert_eq!(lines, expected, "and no header besides");
}

#[test]
fn refusals_and_redirects_are_answers() {
    for (status, more, retry_after) in [
        (503, "Retry-After: 120\r\n", Some(120)),
        (413, "Retry-After: Fri, 31 Dec 1999 23:59:59 GMT\r\n", None),
        (401, "", None),
        (302, "Location: http://login.example/\r\n", None),
        (307, "Location: http://login.example/\r\n", None),
    ] {
        let answer = format!("HTTP/1.1 {status} X\r\nContent-Type: text/html\r\n{more}Content-Length: 2\r\n\r\nno");
        let (address, server) = answering(answer.into_bytes());
        let response = transport(address).send(&request(Encoding::Identity, b"")).unwrap();
        assert_eq!((response.status, response.retry_after_s), (status, retry_after));
        assert_eq!((response.media_type.as_str(), response.body.as_slice()), ("text/html", b"no".as_slice()));
        server.join().unwrap();
    }
}

#[test]
fn a_broken_or_endless_answer_is_interrupted() {
    let endless = u64::MAX / 2;
    let mut huge = format!("HTTP/1.1 200 OK\r\nContent-Length: {endless}\r\n\r\n").into_bytes();
    huge.resize(usize::try_from(super::MAX_RESPONSE).unwrap() + 100_000, b'x');
    let cut = b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nonly this".to_vec();
    for answer in [cut, huge, b"SSH-2.0-OpenSSH\r\n\r\n".to_vec(), vec![]] {
        let (address, server) = answering(answer);
        let transport = transport(address);
        assert_eq!(transport.send(&request(Encoding::Identity, b"12")), Err(TransportError::Interrupted));
        assert_eq!(transport.traffic(), Traffic { up: 2, down: 0 });
        server.join().unwrap();
    }
}

#[test]
fn nobody_there_is_offline_and_nobody_answering_is_a_timeout() {
    let closed = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let gone = transport(closed);
    assert_eq!(gone.send(&request(Encoding::Identity, b"12")), Err(TransportError::Offline));
    assert_eq!(gone.traffic(), Traffic::default());

    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let patience = Patience { connect: Duration::from_secs(10), call: Duration::from_millis(20) };
    let address = format!("http://{}", silent.local_addr().unwrap());
    let impatient = HttpTransport::with_patience(&address, patience).unwrap();
    assert_eq!(impatient.send(&request(Encoding::Identity, b"12")), Err(TransportError::Timeout));
}

#[test]
fn only_addresses_of_servers_are_taken() {
    for wrong in ["", "daybook.example.com", "/sync", "ftp://daybook.example.com", "https://", "https://a/?b"] {
        assert_eq!(HttpTransport::new(wrong).err(), Some(AddressError), "{wrong}");
    }
    assert!(HttpTransport::new("https://daybook.example.com/office").is_ok());
}
