//! When a photo may be sent.

/// What the network costs, as the phone's system says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Network {
    /// Wi-Fi, or whatever else costs nothing by the byte.
    Unmetered,
    /// A mobile network.
    Metered,
}

/// What may be sent over a network that costs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum OnMetered {
    /// Nothing: photos wait for Wi-Fi.
    #[default]
    Nothing,
    /// Photos of at most so many bytes.
    UpTo(u64),
    /// All photos.
    Everything,
}

/// When a photo may be sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PhotoPolicy {
    /// The network as it is now.
    pub network: Network,
    /// What the person, or the organisation, allows where it costs.
    pub on_metered: OnMetered,
}

impl PhotoPolicy {
    /// Everything, now.
    pub const ANY: Self = Self { network: Network::Unmetered, on_metered: OnMetered::Everything };

    /// Whether a photo of so many bytes may be sent now.
    pub fn allows(&self, bytes: u64) -> bool {
        match (self.network, self.on_metered) {
            (Network::Unmetered, _) | (_, OnMetered::Everything) => true,
            (Network::Metered, OnMetered::UpTo(most)) => bytes <= most,
            (Network::Metered, OnMetered::Nothing) => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_costs_is_limited() {
        let allows = |network, on_metered, bytes| PhotoPolicy { network, on_metered }.allows(bytes);
        assert!(allows(Network::Unmetered, OnMetered::Nothing, u64::MAX));
        assert!(!allows(Network::Metered, OnMetered::Nothing, 1));
        assert!(allows(Network::Metered, OnMetered::UpTo(10), 10));
        assert!(!allows(Network::Metered, OnMetered::UpTo(10), 11));
        assert!(PhotoPolicy::ANY.allows(u64::MAX));
    }
}
