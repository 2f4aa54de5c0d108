//! Partitions of `change`, one for each month in which records were made. A record's identifier begins with the
//! moment of its making, so a month is a range of identifiers.

use jiff::civil::Date;
use jiff::{Timestamp, ToSpan as _, tz::TimeZone};
use sqlx::AssertSqlSafe;
use sync_core::time::UnixMillis;
use uuid::Uuid;

use super::{Conn, Db};
use crate::store::StoreError;

/// Months that have a partition before anybody needs it.
const AHEAD: i32 = 3;

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

    fn table(self) -> String {
        format!("change_{:04}_{:02}", self.0.year(), self.0.month())
    }

    /// The smallest identifier of a record that was made in it or later.
    fn first_id(self) -> Uuid {
        let start = self.0.to_zoned(TimeZone::UTC).map_or(0, |start| start.timestamp().as_millisecond());
        Uuid::from_u128(u128::try_from(start).unwrap_or(0) << 80)
    }
}

/// Makes the partitions of the last month, this one and the next few, as far as they are missing. The caller holds the
/// write lock.
pub(super) async fn prepare(conn: &mut Conn, now: UnixMillis) -> Result<(), StoreError> {
    let this = Month::of(now);
    for distance in -1..=AHEAD {
        make(conn, this.plus(distance)).await?;
    }
    Ok(())
}

/// Makes the partition of a month unless it is there. What came for the month before moves into it. A month that was
/// detached keeps its table, and is not made again.
pub(super) async fn make(conn: &mut Conn, month: Month) -> Result<(), StoreError> {
    let table = month.table();
    let (there,) =
        sqlx::query_as::<Db, (bool,)>("select to_regclass($1) is not null").bind(&table).fetch_one(&mut *conn).await?;
    if there {
        return Ok(());
    }
    let (from, to) = (month.first_id(), month.plus(1).first_id());
    // Names and bounds are made of numbers, hence safe.
    let statements = format!(
        "create table {table} (like change including all); \
         with moved as (delete from change_other where record >= '{from}' and record < '{to}' returning *) \
         insert into {table} select * from moved; \
         alter table change attach partition {table} for values from ('{from}') to ('{to}')"
    );
    sqlx::raw_sql(AssertSqlSafe(statements)).execute(conn).await?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn months_are_ranges_of_identifiers() {
        let december = Month::of(UnixMillis(1_798_761_599_999));
        assert_eq!(december.table(), "change_2026_12");
        assert_eq!(december.plus(1).table(), "change_2027_01");
        assert_eq!(Month::of(UnixMillis(1_798_761_600_000)), december.plus(1));
        assert_eq!(december.plus(1).first_id().to_string(), "01a2ce8b-d400-0000-0000-000000000000");
        assert_eq!(december.plus(-12).table(), "change_2025_12");
    }
}
