//! The app's own network stack, which knows of requests and answers and nothing of engines and photos.

use std::time::Duration;

use sync_core::engine::{TransportError, WireRequest, WireResponse};

use super::{LaneRequest, LaneResponse, PATIENCE, Transport};

/// A transport made of one function that sends a request and waits for the answer, at most so long. The names of the
/// answer's headers may be in any case.
pub struct ThroughApp<F>(pub F);

impl<F> Transport for ThroughApp<F>
where
    F: Fn(LaneRequest, Duration) -> Result<LaneResponse, TransportError> + Send + Sync,
{
    fn send(&self, request: &WireRequest) -> Result<WireResponse, TransportError> {
        self.send_within(request, PATIENCE.call)
    }

    fn send_within(&self, request: &WireRequest, patience: Duration) -> Result<WireResponse, TransportError> {
        self.send_photo_within(&request.into(), patience).map(Into::into)
    }

    fn send_photo(&self, request: &LaneRequest) -> Result<LaneResponse, TransportError> {
        self.send_photo_within(request, PATIENCE.call)
    }

    fn send_photo_within(&self, request: &LaneRequest, patience: Duration) -> Result<LaneResponse, TransportError> {
        let mut response = (self.0)(request.clone(), patience.min(PATIENCE.call))?;
        response.headers.iter_mut().for_each(|(name, _)| name.make_ascii_lowercase());
        Ok(response)
    }
}
