//! The rules of an office's day (DOMAIN, "The office's day"), without database and clock.

pub mod absence;
pub mod facts;
pub mod figures;
pub mod hours;
pub mod late;
pub mod rota;
pub mod statement;
