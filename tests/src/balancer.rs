//! What stands in front of several servers: takes connections and hands each to the next server that answers.

use std::io;
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use crate::failure::Failure;

/// A running balancer; ends with the program.
#[derive(Debug)]
pub struct Balancer {
    address: String,
}

impl Balancer {
    /// Begins to hand connections to these servers, each `host:port`, in turn.
    ///
    /// # Errors
    /// When it can't listen.
    pub fn before(servers: Vec<String>) -> Result<Self, Failure> {
        let listener = TcpListener::bind("127.0.0.1:0").map_err(Failure::system("can't listen"))?;
        let address = listener.local_addr().map_err(Failure::system("can't listen"))?.to_string();
        let servers: Arc<[String]> = servers.into();
        let turn = Arc::new(AtomicUsize::new(0));
        std::thread::spawn(move || {
            for client in listener.incoming().map_while(Result::ok) {
                let (servers, turn) = (Arc::clone(&servers), Arc::clone(&turn));
                std::thread::spawn(move || serve(client, &servers, &turn));
            }
        });
        Ok(Self { address })
    }

    /// Where it listens.
    pub fn base_url(&self) -> String {
        format!("http://{}", self.address)
    }
}

/// Connects a client with a server. One that nobody serves is hung up on.
fn serve(client: TcpStream, servers: &[String], turn: &AtomicUsize) {
    let first = turn.fetch_add(1, Ordering::Relaxed);
    let in_turn = (0..servers.len()).map(|next| &servers[(first + next) % servers.len()]);
    let Some(server) = in_turn.filter_map(|address| TcpStream::connect(address).ok()).next() else {
        return;
    };
    let (Ok(from_client), Ok(to_server)) = (client.try_clone(), server.try_clone()) else {
        return;
    };
    let sending = std::thread::spawn(move || pass(from_client, to_server));
    pass(server, client);
    drop(sending.join());
}

/// Passes bytes on until one side ends, and tells the other.
fn pass(mut from: TcpStream, mut to: TcpStream) {
    let ended = io::copy(&mut from, &mut to);
    // A connection that broke is broken for both; one that was closed may still be answered.
    let how = if ended.is_ok() { Shutdown::Write } else { Shutdown::Both };
    let _ = to.shutdown(how);
    if ended.is_err() {
        let _ = from.shutdown(Shutdown::Both);
    }
}
