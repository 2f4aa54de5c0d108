//! A connection that is cut while a transaction is being confirmed: nobody can know whether it was.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};

use tempfile::TempDir;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::unix::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{UnixListener, UnixStream};

use super::super::*;
use super::{access, scratch};
use crate::store::Store as _;
use crate::store::conformance::world::{SALT, World};
use crate::store::{Appended, Published};

/// Where the next transaction that writes is cut off from who confirms it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
enum Cut {
    Nowhere = 0,
    /// The order to confirm does not arrive.
    Order = 1,
    /// It is obeyed, and nobody hears of it.
    Answer = 2,
}

/// Passes on what a client and PostgreSQL say to each other, until it cuts.
struct Line {
    folder: TempDir,
    next: Arc<AtomicU8>,
}

/// The end of both the order and the answer to it.
const COMMIT: &[u8] = b"COMMIT\0";

impl Line {
    fn before(socket: PathBuf) -> Self {
        let folder = TempDir::new().unwrap();
        let listener = UnixListener::bind(folder.path().join(socket.file_name().unwrap())).unwrap();
        let next = Arc::new(AtomicU8::new(Cut::Nowhere as u8));
        let cuts = next.clone();
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let server = UnixStream::connect(&socket).await.unwrap();
                tokio::spawn(pass_on(client, server, cuts.clone()));
            }
        });
        Self { folder, next }
    }

    fn cut_next(&self, cut: Cut) {
        self.next.store(cut as u8, Ordering::SeqCst);
    }
}

/// Until one of them goes or the line is cut, which both notice.
async fn pass_on(client: UnixStream, server: UnixStream, cuts: Arc<AtomicU8>) {
    let ((mut from_client, mut to_client), (mut from_server, mut to_server)) =
        (client.into_split(), server.into_split());
    let unheard = Arc::new(AtomicU8::new(0));
    let silenced = unheard.clone();
    let orders = async move {
        while let Some(said) = heard(&mut from_client).await {
            if said.ends_with(COMMIT) {
                match cuts.swap(Cut::Nowhere as u8, Ordering::SeqCst) {
                    cut if cut == Cut::Order as u8 => return,
                    cut => silenced.store(cut, Ordering::SeqCst),
                }
            }
            if !told(&mut to_server, &said).await {
                return;
            }
        }
    };
    let answers = async move {
        while let Some(said) = heard(&mut from_server).await {
            let is_answer = said.windows(COMMIT.len()).any(|part| part == COMMIT);
            let cut = is_answer && unheard.load(Ordering::SeqCst) == Cut::Answer as u8;
            if cut || !told(&mut to_client, &said).await {
                return;
            }
        }
    };
    tokio::select!(() = orders => {}, () = answers => {});
}

async fn heard(from: &mut OwnedReadHalf) -> Option<Vec<u8>> {
    let mut said = vec![0; 64 * 1024];
    let length = from.read(&mut said).await.ok().filter(|length| *length > 0)?;
    said.truncate(length);
    Some(said)
}

async fn told(to: &mut OwnedWriteHalf, said: &[u8]) -> bool {
    to.write_all(said).await.is_ok()
}

/// Whoever offers the same again finds out what became of it: it is stored once, and published once.
#[tokio::test]
async fn what_nobody_heard_of_is_neither_lost_nor_done_twice() {
    for cut in [Cut::Order, Cut::Answer] {
        let behind = scratch().await;
        let line = Line::before(throwaway_postgres::shared().cluster().folder().join(".s.PGSQL.5432"));
        let through = access(&behind.database.url());
        let through = Access { options: through.options.socket(line.folder.path()), ..through };
        let folder = TempDir::new().unwrap();
        let store = PostgresStore::open(&through, folder.path()).await.unwrap();
        let mut world = World::found(&store).await;
        let mut phone = world.promoter_with_phone("Wang", 0).await;
        let record = world.record_id();
        let row = world.row(record, &phone.person);
        let (push, hashes) = world.push(&mut phone, &[record]);

        line.cut_next(cut);
        let pushed = store.append(std::slice::from_ref(&push), SALT).await;
        assert!(matches!(pushed, Err(StoreError::Unavailable(_))), "{cut:?}: {pushed:?}");
        let again = store.append(std::slice::from_ref(&push), SALT).await.unwrap();
        match cut {
            Cut::Answer => assert_eq!(again, [Appended::HeadMoved(push.head)]),
            _ => assert!(matches!(again[..], [Appended::Stored { .. }]), "{again:?}"),
        }
        let lines = store.journal(phone.id, 0, 9).await.unwrap();
        assert_eq!(lines.iter().map(|line| line.entry.change).collect::<Vec<_>>(), hashes, "{cut:?}");

        let publication = world.publication(record, row, &hashes).await;
        let now = world.now();
        line.cut_next(cut);
        let published = store.publish(std::slice::from_ref(&publication), SALT, now).await;
        assert!(matches!(published, Err(StoreError::Unavailable(_))), "{cut:?}: {published:?}");
        let again = store.publish(&[publication], SALT, now).await.unwrap();
        let expected = if cut == Cut::Answer { Published::Stale } else { Published::At(1) };
        assert_eq!(again, [expected], "{cut:?}");
        assert_eq!(store.feed_head(world.organisation).await.unwrap().seq, 1, "{cut:?}");
        let stored = store.record(record).await.unwrap();
        assert_eq!((stored.base_seq, stored.published.len(), stored.incoming.len()), (1, 1, 0), "{cut:?}");
        store.close().await;
        behind.close().await;
    }
}
