//! A server with everything that came in over months, left up for a browser that looks at every page.
//!
//! `cargo xtask bench console` starts this and the browser (`web/browser/measure/`).

use std::io::{Read as _, Write as _, stdin, stdout};

use serde_json::json;
use sync_core::wire::enrol::Role;

use super::company::Company;
use super::{Setting, mill};
use crate::failure::Failure;

/// Everybody's names and phones are on many pages.
const PROMOTERS: usize = 2_000;

/// Serves until standard input ends. The first line on standard output says where, and who may sign in.
///
/// # Errors
/// When the database can't be filled, or the server refuses.
pub fn serve(setting: &Setting) -> Result<(), Failure> {
    let ground = mill::ground(setting)?;
    let login = "headquarters";
    let password = ground.inside(async |app| {
        mill::hire_up_to(app, PROMOTERS, setting.seed).await?;
        mill::oddities::fill(app, setting.seed).await?;
        Company::add_staff(app, login, Role::HqAdmin).await
    })?;
    let mut server = ground.serve()?;
    let house = json!({ "url": server.base_url(), "login": login, "password": password, "records": setting.stored, "promoters": PROMOTERS });
    let said = writeln!(stdout(), "{house}").and_then(|()| stdout().flush());
    said.map_err(Failure::system("can't say where the server is"))?;
    // Whoever measures holds the other end; it closes also if that is killed.
    let waited = stdin().read_to_end(&mut Vec::new());
    waited.map_err(Failure::system("can't wait for the measurement"))?;
    server.stop()
}
