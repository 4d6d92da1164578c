//! What a seed makes of a run: who is there, on what, and what goes wrong.

use std::{sync::OnceLock, time::Duration};

use msg_relay::simulation::disk::Disk;

use crate::{
    machine::{Run, below, chance, pick},
    network::Weather,
};

/// Something that goes wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fault {
    /// Somebody's processes are killed, and started again.
    Kill,
    /// A relay loses its power, and starts again.
    Crash,
    /// Somebody's connections are cut.
    Cut,
    /// Between somebody and a relay nothing passes for a while.
    Part,
    /// A wall clock jumps.
    Clock,
    /// A relay's store and somebody's own are full, or fail.
    Store,
    /// A relay lies.
    Lie,
    /// A relay shows an older card of somebody, who it says has gone.
    OldCard,
    /// Somebody's store is set back to a backup.
    SetBack,
    /// The admin puts somebody out of the group, or asks them in again.
    Membership,
}

const FAULTS: [Fault; 10] = [
    Fault::Kill,
    Fault::Crash,
    Fault::Cut,
    Fault::Part,
    Fault::Clock,
    Fault::Store,
    Fault::Lie,
    Fault::OldCard,
    Fault::SetBack,
    Fault::Membership,
];

/// A run, as its seed has it.
#[derive(Debug, Clone)]
pub(crate) struct Scenario {
    pub(crate) people: usize,
    pub(crate) has_room: bool,
    /// Whether each relay has a disk.
    pub(crate) on_disk: [bool; 2],
    /// Who also has a process that follows.
    pub(crate) followers: Vec<bool>,
    pub(crate) weather: Weather,
    pub(crate) storm: Duration,
    pub(crate) every_ms: u64,
    pub(crate) faults: Vec<Fault>,
}

impl Scenario {
    /// Draws one.
    pub(crate) fn draw() -> Self {
        let people = usize::try_from(2 + below(3)).unwrap();
        let weather = Weather {
            latency_ms: pick(&[2, 20, 200]),
            cuts: pick(&[0, 0, 5, 20]),
            refused: pick(&[0, 0, 10]),
        };
        let has_room = people > 2 && chance(700);
        let mut faults: Vec<Fault> = FAULTS.into_iter().filter(|_| chance(300)).collect();
        faults.retain(|fault| has_room || *fault != Fault::Membership);
        Self {
            people,
            has_room,
            on_disk: [chance(300), chance(300)],
            followers: (0..people).map(|_| chance(400)).collect(),
            weather,
            storm: Duration::from_secs(10 + below(20)),
            every_ms: pick(&[500, 2_000, 8_000]),
            faults: if faults.is_empty() { vec![Fault::Cut] } else { faults },
        }
    }

    /// Whether that may go wrong.
    pub(crate) fn has(&self, fault: Fault) -> bool {
        self.faults.contains(&fault)
    }

    /// The next that goes wrong.
    pub(crate) fn fault(&self) -> Fault {
        pick(&self.faults)
    }
}

static FORMATTED: OnceLock<Vec<u8>> = OnceLock::new();

/// Makes a disk with an empty store on it, once for all runs and before the first: no
/// run's chance is spent on it.
pub(crate) fn format() {
    FORMATTED.get_or_init(|| {
        let _machine = Run::begin(0);
        Disk::formatted().bytes()
    });
}

/// The bytes of that disk.
pub(crate) fn formatted() -> Vec<u8> {
    FORMATTED.get().expect("it is formatted before the first run").clone()
}
