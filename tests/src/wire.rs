//! A wire between servers and a PostgreSQL, on which nothing may come through any more although nobody hangs up.

use std::io;
use std::net::{Shutdown, TcpListener, TcpStream};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::failure::Failure;

/// A port that leads to a socket; ends with the program.
#[derive(Debug)]
pub struct Wire {
    port: u16,
    /// How often it fell silent.
    silences: Arc<AtomicU64>,
}

impl Wire {
    /// Leads from a port of its own to this socket.
    ///
    /// # Errors
    /// When it can't listen.
    pub fn to(socket: &Path) -> Result<Self, Failure> {
        let listener = TcpListener::bind("127.0.0.1:0").map_err(Failure::system("can't listen"))?;
        let port = listener.local_addr().map_err(Failure::system("can't listen"))?.port();
        let silences = Arc::new(AtomicU64::new(0));
        let (socket, counted) = (socket.to_owned(), Arc::clone(&silences));
        std::thread::spawn(move || {
            for client in listener.incoming().map_while(Result::ok) {
                let silent = Silence { since: counted.load(Ordering::Acquire), silences: Arc::clone(&counted) };
                // Who can't be connected is hung up on.
                let _ = connect(client, &socket, silent);
            }
        });
        Ok(Self { port, silences })
    }

    /// Where it begins.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Nothing comes through the connections that there are, and nobody hears that they ended. New ones are as before.
    pub fn fall_silent(&self) {
        self.silences.fetch_add(1, Ordering::AcqRel);
    }
}

/// Whether a connection is one of those through which nothing comes.
#[derive(Clone)]
struct Silence {
    since: u64,
    silences: Arc<AtomicU64>,
}

impl Silence {
    fn fell(&self) -> bool {
        self.silences.load(Ordering::Acquire) > self.since
    }
}

fn connect(client: TcpStream, socket: &Path, silence: Silence) -> io::Result<()> {
    client.set_nodelay(true)?;
    let server = UnixStream::connect(socket)?;
    let (from_client, to_server, there) = (client.try_clone()?, server.try_clone()?, silence.clone());
    std::thread::spawn(move || {
        let hung_up = pass(from_client, &to_server, &there);
        if hung_up.is_ok() {
            let _ = to_server.shutdown(Shutdown::Write);
        }
    });
    std::thread::spawn(move || {
        let hung_up = pass(server, &client, &silence);
        if hung_up.is_ok() {
            let _ = client.shutdown(Shutdown::Both);
        }
    });
    Ok(())
}

/// Passes bytes on until one side hangs up. Where nothing comes through, that does not either.
fn pass(mut from: impl io::Read, mut to: impl io::Write, silence: &Silence) -> io::Result<()> {
    let mut piece = [0; 16 * 1024];
    loop {
        let read = from.read(&mut piece);
        while silence.fell() {
            std::thread::park();
        }
        match read? {
            0 => return Ok(()),
            read => to.write_all(&piece[..read])?,
        }
    }
}
