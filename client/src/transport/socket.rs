//! Counting what goes through the sockets.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use ureq::config::Config;
use ureq::unversioned::resolver::DefaultResolver;
use ureq::unversioned::transport::{
    Buffers, ConnectProxyConnector, ConnectionDetails, Connector, Either, NextTimeout, RustlsConnector, TcpConnector,
    Transport,
};
use ureq::{Agent, Error};

use super::Traffic;

/// What went through sockets so far.
#[derive(Debug, Default)]
pub(super) struct Meter {
    up: AtomicU64,
    down: AtomicU64,
}

impl Meter {
    pub(super) fn read(&self) -> Traffic {
        Traffic { up: self.up.load(Ordering::Relaxed), down: self.down.load(Ordering::Relaxed) }
    }
}

/// An agent that connects as ureq does by itself, with a meter between the sockets and everything above them, TLS
/// included.
pub(super) fn metered_agent(config: Config, meter: &Arc<Meter>) -> Agent {
    let connector =
        ().chain(ConnectProxyConnector::default())
            .chain(MeteredTcp { tcp: TcpConnector::default(), meter: Arc::clone(meter) })
            .chain(RustlsConnector::default());
    Agent::with_parts(config, connector, DefaultResolver::default())
}

/// Opens sockets, each with the meter. What a proxy opened has been through here before.
#[derive(Debug)]
struct MeteredTcp {
    tcp: TcpConnector,
    meter: Arc<Meter>,
}

impl<In: Transport> Connector<In> for MeteredTcp {
    type Out = Either<In, Metered<<TcpConnector as Connector>::Out>>;

    fn connect(&self, details: &ConnectionDetails, chained: Option<In>) -> Result<Option<Self::Out>, Error> {
        if chained.is_some() {
            return Ok(chained.map(Either::A));
        }
        let opened = self.tcp.connect(details, None::<()>)?;
        Ok(opened.map(|inner| Either::B(Metered { inner, meter: Arc::clone(&self.meter) })))
    }
}

#[derive(Debug)]
struct Metered<T> {
    inner: T,
    meter: Arc<Meter>,
}

impl<T: Transport> Transport for Metered<T> {
    fn buffers(&mut self) -> &mut dyn Buffers {
        self.inner.buffers()
    }

    fn transmit_output(&mut self, amount: usize, timeout: NextTimeout) -> Result<(), Error> {
        self.inner.transmit_output(amount, timeout)?;
        self.meter.up.fetch_add(amount as u64, Ordering::Relaxed);
        Ok(())
    }

    fn await_input(&mut self, timeout: NextTimeout) -> Result<bool, Error> {
        let before = self.inner.buffers().input().len();
        let progress = self.inner.await_input(timeout)?;
        let read = self.inner.buffers().input().len().saturating_sub(before);
        self.meter.down.fetch_add(read as u64, Ordering::Relaxed);
        Ok(progress)
    }

    fn is_open(&mut self) -> bool {
        self.inner.is_open()
    }
}
