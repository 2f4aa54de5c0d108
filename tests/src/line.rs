//! One phone's line to the server: real HTTP, and on it the bad luck that phones have in the evening.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use client::transport::{HttpTransport, LaneRequest, LaneResponse, Traffic, Transport};
use rand::Rng;
use rand::seq::SliceRandom as _;
use sync_core::engine::{Route, TransportError, WireRequest, WireResponse};
use sync_core::wire::Encoding;

use crate::ledger::Ledger;
use crate::pulse::Pulse;

/// What goes wrong with a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// The connection is gone before anything is sent.
    Unsent,
    /// The server answers, but the answer never arrives.
    LostReply,
    /// Half of the answer arrives.
    HalfReply,
    /// A Wi-Fi answers in the server's place with its login page, and says that all is well.
    Portal,
}

/// All faults.
const FAULTS: [Fault; 4] = [Fault::Unsent, Fault::LostReply, Fault::HalfReply, Fault::Portal];

/// The line of one phone.
#[derive(Debug)]
pub struct Line {
    http: HttpTransport,
    pulse: Arc<Pulse>,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    ledger: Ledger,
    /// What happens to the next exchanges; those beyond go well.
    weather: VecDeque<Fault>,
    faults: u32,
}

impl Line {
    /// A line on which nothing goes wrong yet.
    pub fn new(http: HttpTransport, pulse: Arc<Pulse>) -> Self {
        Self { http, pulse, state: Mutex::default() }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The next exchanges go wrong, each in another way. Enrolment and tokens go well: what they lose is asked for
    /// again, but an exchange may have been taken in.
    pub fn turn_rough(&self, rng: &mut dyn Rng) {
        let mut weather = FAULTS;
        weather.shuffle(rng);
        self.state().weather = weather.into();
    }

    /// How often something went wrong.
    pub fn faults(&self) -> u32 {
        self.state().faults
    }

    /// What went over the network.
    pub fn traffic(&self) -> Traffic {
        self.http.traffic()
    }

    /// What passed over the line.
    pub fn ledger(&self) -> Ledger {
        self.state().ledger.clone()
    }

    /// Sends a request past the ledger and the weather, to hear what the server says now.
    ///
    /// # Errors
    /// When no answer came.
    pub fn ask_again(&self, request: &WireRequest) -> Result<WireResponse, TransportError> {
        self.http.send(request)
    }
}

impl Transport for Line {
    fn send(&self, request: &WireRequest) -> Result<WireResponse, TransportError> {
        let _beat = self.pulse.request();
        let fault = {
            let mut state = self.state();
            state.ledger.sent(request);
            let fault = if request.route == Route::Exchange { state.weather.pop_front() } else { None };
            state.faults += u32::from(fault.is_some());
            fault
        };
        let response = match fault {
            None => self.http.send(request)?,
            Some(Fault::Unsent) => return Err(TransportError::Offline),
            Some(Fault::LostReply) => {
                let _lost = self.http.send(request);
                return Err(TransportError::Interrupted);
            }
            Some(Fault::HalfReply) => {
                let whole = self.http.send(request)?;
                let half = whole.body.len() / 2;
                WireResponse { body: whole.body[..half].to_vec(), ..whole }
            }
            Some(Fault::Portal) => login_page(),
        };
        let receipted = self.state().ledger.received(request.route, &response);
        if receipted {
            self.pulse.receipt();
        }
        Ok(response)
    }

    fn send_photo(&self, request: &LaneRequest) -> Result<LaneResponse, TransportError> {
        let _beat = self.pulse.request();
        self.http.send_photo(request)
    }
}

fn login_page() -> WireResponse {
    WireResponse {
        status: 200,
        media_type: "text/html".to_owned(),
        encoding: Encoding::Identity,
        retry_after_s: None,
        body: b"<html><title>Free Wi-Fi</title><body>Please log in</body></html>".to_vec(),
    }
}
