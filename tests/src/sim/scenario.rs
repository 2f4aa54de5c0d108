//! The nastiest scenarios by name: plans that are made for one thing, and sweep it. The names and the wishes are those
//! of the ten scenarios that lose data elsewhere (`reference/sync-engines.md`, section 4); where such a wish is about
//! something that Daybook does not have, the scenario says what stands for it.

mod plans;

use super::plan::Plan;

/// A scenario.
#[derive(Clone, Copy, Debug)]
pub struct Scenario {
    /// Its name on the command line.
    pub name: &'static str,
    /// What happens in it.
    pub about: &'static str,
    count: u64,
    plan: fn(u64) -> Plan,
}

impl Scenario {
    /// Finds a scenario by its name.
    ///
    /// # Errors
    /// With the names that there are, if there is none of this name.
    pub fn named(name: &str) -> Result<&'static Self, String> {
        let wanted = name.replace('_', "-");
        let names = || SCENARIOS.iter().map(|scenario| scenario.name).collect::<Vec<_>>().join(", ");
        let found = SCENARIOS.iter().find(|scenario| scenario.name == wanted);
        found.ok_or_else(|| format!("there is no scenario {name}; there are {}", names()))
    }

    /// All its plans.
    pub fn plans(&self) -> Vec<Plan> {
        (0..self.count).map(self.plan).collect()
    }
}

/// All scenarios.
pub const SCENARIOS: &[Scenario] = &[
    Scenario {
        name: "restored-twice",
        about: "the server goes back in time twice while phones sync, to the newest backup or an older one, told or not",
        count: 16,
        plan: plans::restored_twice,
    },
    Scenario {
        name: "cloned-phone",
        about: "twins write in the same and in other records, and sync in any order and at once",
        count: 16,
        plan: plans::cloned_phone,
    },
    Scenario {
        name: "reply-lost-app-killed",
        about: "the server has done its work, the reply is lost and the app dies, at every message; then a login page",
        count: 20,
        plan: plans::reply_lost_app_killed,
    },
    Scenario {
        name: "poison-at-every-position",
        about: "false changes of every class before, between and after honest pushes, about own and others' records",
        count: 12,
        plan: plans::poison_at_every_position,
    },
    Scenario {
        name: "evening-storm",
        about: "everybody syncs at once over bad lines while the server is killed, its disk fills, and a lagging copy takes over",
        count: 6,
        plan: plans::evening_storm,
    },
    Scenario {
        name: "moved-and-revoked-offline",
        about: "people move, records change hands and phones are cut off while they are offline; moved and moved back \
                within one reading, broken off at every page",
        count: 16,
        plan: plans::moved_and_revoked_offline,
    },
    Scenario {
        name: "feed-gap",
        about: "news is lost in the feed and inside phones, pages of one record, a server clock that steps back",
        count: 10,
        plan: plans::feed_gap,
    },
    Scenario {
        name: "crash-matrix",
        about: "the app and the server die after each of the first so many storage steps, again and again",
        count: 60,
        plan: plans::crash_matrix,
    },
    Scenario {
        name: "three-app-versions",
        about: "three versions write in the same records, with fields and keys that the others do not know",
        count: 10,
        plan: plans::three_app_versions,
    },
    Scenario {
        name: "lying-clocks",
        about: "clocks in 1970, in three years, in another time zone, set back and forth over restarts; the server's too",
        count: 12,
        plan: plans::lying_clocks,
    },
];
