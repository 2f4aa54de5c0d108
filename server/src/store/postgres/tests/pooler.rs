//! PgBouncer in transaction mode in between: every transaction may run in another connection.

use throwaway_postgres::Pooler;

use super::super::*;
use super::{access, scratch};
use crate::store::Store as _;
use crate::store::conformance::{deciding, feeding, publishing, reading, receiving};

/// The busy rules of the conformance suite, through two connections that they share with another server's.
#[tokio::test]
async fn a_store_works_through_a_pooler() {
    let cluster = throwaway_postgres::shared().cluster();
    let pooler = Pooler::before(cluster, 2).unwrap();
    macro_rules! rules {
        ($($room:ident :: $rule:ident),+ $(,)?) => {$({
            let behind = scratch().await;
            let through = Access { prepared: false, ..access(&pooler.url(behind.database.name())) };
            let through = Access { listening: behind.access(), ..through };
            let folders = [tempfile::TempDir::new().unwrap(), tempfile::TempDir::new().unwrap()];
            let store = PostgresStore::open(&through, folders[0].path()).await.unwrap();
            let other = PostgresStore::open(&through, folders[1].path()).await.unwrap();
            let busy = async {
                for _ in 0..40 {
                    other.ping().await.unwrap();
                    other.take_lead().await.unwrap();
                    other.horizon().await.unwrap();
                }
            };
            tokio::join!($room::$rule(&store), busy);
            store.heard().wait_for(|heard| heard.received > 0).await.unwrap();
            store.close().await;
            other.close().await;
            behind.close().await;
        })+};
    }
    rules! {
        receiving::a_journal_is_kept_line_by_line,
        publishing::a_record_is_loaded_in_the_order_of_its_dependencies,
        deciding::what_is_refused_is_told_and_remembered,
        feeding::what_was_passed_over_comes_on_a_later_page,
        reading::lists_are_paged_newest_first,
        reading::searches_find_names_and_numbers,
    }
}
