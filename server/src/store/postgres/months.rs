//! Partitions of `change` and `bundle`, one for each month in which records were made. A record's identifier begins with
//! the moment of its making, so a month is a range of identifiers.

use std::collections::BTreeSet;

use jiff::civil::Date;
use jiff::{Timestamp, ToSpan as _, tz::TimeZone};
use sqlx::AssertSqlSafe;
use sync_core::time::UnixMillis;
use uuid::Uuid;

use super::{Conn, Db};
use crate::store::StoreError;
use crate::store::shared::statements;

/// Months that have a partition before anybody needs it.
const AHEAD: i32 = 3;
/// The tables that lie in months.
pub(super) const TABLES: [&str; 2] = ["change", "bundle"];

statements! {
    // Of all tables that lie in months.
    MONTHS = "select distinct right(cast(c.relname as text), 7) from pg_inherits i join pg_class c on c.oid = i.inhrelid \
        join pg_class p on p.oid = i.inhparent where p.relname in ('change', 'bundle') and c.relname ~ '_\\d{4}_\\d{2}$'";
}

/// A month of UTC.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Month(Date);

impl Month {
    /// The month of a moment.
    pub(super) fn of(at: UnixMillis) -> Self {
        let at = Timestamp::from_millisecond(at.0).unwrap_or(Timestamp::UNIX_EPOCH);
        Self(at.to_zoned(TimeZone::UTC).date().first_of_month())
    }

    /// The month some months later.
    fn plus(self, months: i32) -> Self {
        Self(self.0.saturating_add(months.months()))
    }

    /// The month with this name.
    fn named(name: &str) -> Option<Self> {
        let (year, month) = name.split_once('_')?;
        Date::new(year.parse().ok()?, month.parse().ok()?, 1).ok().map(Self)
    }

    fn table(self, of: &str) -> String {
        format!("{of}_{:04}_{:02}", self.0.year(), self.0.month())
    }

    /// The smallest identifier of a record that was made in it or later.
    fn first_id(self) -> Uuid {
        let start = self.0.to_zoned(TimeZone::UTC).map_or(0, |start| start.timestamp().as_millisecond());
        Uuid::from_u128(u128::try_from(start).unwrap_or(0) << 80)
    }
}

/// Makes the partitions of the last month, this one and the next few, and those that one of the tables has and another
/// has not, as far as they are missing. The caller holds the write lock.
pub(super) async fn prepare(conn: &mut Conn, now: UnixMillis) -> Result<(), StoreError> {
    let this = Month::of(now);
    let names = sqlx::query_as::<Db, (String,)>(MONTHS).fetch_all(&mut *conn).await?;
    let mut months: BTreeSet<Month> = names.iter().filter_map(|(name,)| Month::named(name)).collect();
    months.extend((-1..=AHEAD).map(|distance| this.plus(distance)));
    for month in months {
        make(conn, month).await?;
    }
    Ok(())
}

/// Makes the partitions of a month unless they are there. What came for the month before moves into them. A month that was
/// detached keeps its tables, and is not made again.
pub(super) async fn make(conn: &mut Conn, month: Month) -> Result<(), StoreError> {
    for of in TABLES {
        let table = month.table(of);
        let there = sqlx::query_as::<Db, (bool,)>("select to_regclass($1) is not null").bind(&table);
        let (there,) = there.fetch_one(&mut *conn).await?;
        if there {
            continue;
        }
        let (from, to) = (month.first_id(), month.plus(1).first_id());
        // Names and bounds are made of numbers and of the names above, hence safe.
        let statements = format!(
            "create table {table} (like {of} including all); \
             with moved as (delete from {of}_other where record >= '{from}' and record < '{to}' returning *) \
             insert into {table} select * from moved; \
             alter table {of} attach partition {table} for values from ('{from}') to ('{to}')"
        );
        sqlx::raw_sql(AssertSqlSafe(statements)).execute(&mut *conn).await?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn months_are_ranges_of_identifiers() {
        let december = Month::of(UnixMillis(1_798_761_599_999));
        assert_eq!(december.table("change"), "change_2026_12");
        assert_eq!(december.plus(1).table("bundle"), "bundle_2027_01");
        assert_eq!(Month::of(UnixMillis(1_798_761_600_000)), december.plus(1));
        assert_eq!(december.plus(1).first_id().to_string(), "01a2ce8b-d400-0000-0000-000000000000");
        assert_eq!(Month::named("2026_12"), Some(december));
        assert_eq!((Month::named("2026_13"), Month::named("other")), (None, None));
        assert_eq!(december.plus(-12).table("change"), "change_2025_12");
    }
}
