//! A relay of a simulation: the real service and the real links over a real store,
//! which is in memory, or in a file on a disk that loses power.

use std::{
    net::{IpAddr, Ipv4Addr},
    sync::{Arc, Mutex},
    time::Duration,
};

use msg_protocol::{address::RelayAddress, version::Registration};
use msg_relay::{
    clock::Clock,
    connection::{Budget, Connection},
    gate::Gate,
    limits::Limits,
    presence::Presence,
    service::{Policy, Service},
    simulation::disk::{Dice, Disk, Fault, Socket},
    source::Source,
    store::{
        Maintenance as _, Store, Upkeep as _,
        memory::Memory,
        redb::{Options, Redb},
    },
    telemetry::figures::Figures,
};
use tokio::{io::DuplexStream, task::JoinSet, time::sleep};

use crate::{
    flaky::{Flaky, Mood, at_once},
    machine::{Host, below, on},
    network::{Listener, Net},
};

/// Small, and without a floor.
const OPTIONS: Options = Options {
    cache_bytes: 1024 * 1024,
    floor_bytes: 0,
    floor_percent: 0,
    ballast_bytes: 0,
    store_bytes: 0,
};
/// Between two sweeps.
const SWEEPS: Duration = Duration::from_mins(1);

/// A relay.
pub(crate) struct Relay {
    pub(crate) host: Host,
    pub(crate) address: RelayAddress,
    pub(crate) mood: Arc<Mood>,
    net: Arc<Net>,
    kept: Kept,
    running: Option<Running>,
    /// What is wrong.
    pub(crate) wrong: Vec<String>,
}

/// What outlives the process.
enum Kept {
    Memory(Arc<Memory>),
    Disk(Arc<Disk>),
}

/// A process.
struct Running {
    tasks: Arc<Mutex<JoinSet<()>>>,
}

impl Relay {
    /// A relay that does not run yet.
    pub(crate) fn new(host: Host, address: &str, net: &Arc<Net>, disk: Option<Vec<u8>>) -> Self {
        let kept = match disk {
            Some(formatted) => Kept::Disk(Disk::with(formatted)),
            None => Kept::Memory(Arc::new(Memory::new(Arc::new(Presence::default())).unwrap())),
        };
        Self {
            host,
            address: address.parse().unwrap(),
            mood: Arc::default(),
            net: Arc::clone(net),
            kept,
            running: None,
            wrong: Vec::new(),
        }
    }

    /// Starts the process; says whether its store opened.
    pub(crate) async fn start(&mut self) -> bool {
        let presence = Arc::new(Presence::default());
        match &self.kept {
            Kept::Memory(memory) => {
                let again = memory.restarted(Arc::clone(&presence) as _).unwrap();
                self.serve(again, presence).await;
            }
            Kept::Disk(disk) => {
                let socket = Arc::new(Socket(Arc::clone(disk)));
                let wake = Arc::clone(&presence) as _;
                let opened = Redb::open_medium(socket, OPTIONS, wake, "simulated".as_ref());
                let Ok(store) = opened else { return false };
                self.serve(store, presence).await;
            }
        }
        true
    }

    async fn serve<S: Store>(&mut self, store: S, presence: Arc<Presence>) {
        let host = self.host;
        let store = Flaky::new(store, Arc::clone(&self.mood));
        let time = on(host, async { store.time(Clock::wall()).await }).await;
        let now = time.unwrap();
        for (mailbox, id) in self.net.kept_at(host) {
            let page = at_once(store.inner.collect(mailbox, 0, 10_000, usize::MAX, now)).unwrap();
            if !page.rows.iter().any(|row| row.envelope.id == id) {
                self.wrong.push(format!("{} has lost what it had answered for", self.address));
            }
        }
        let policy = Policy { registration: Registration::Open, exempt_loopback: false };
        let limits = Limits { registrations_burst: 100, work_bits: 4, ..Limits::default() };
        let (clock, figures) = (Clock::start(now), Arc::new(Figures::default()));
        let service = Arc::new(Service::new(store, presence, limits, policy, clock, figures));
        let tasks = Arc::new(Mutex::new(JoinSet::new()));
        tasks.lock().unwrap().spawn(on(host, sweep(Arc::clone(&service))));
        self.net.listen(&self.address, host, Some(listener(host, service, Arc::clone(&tasks))));
        self.running = Some(Running { tasks });
    }

    /// The process is gone in the middle of whatever it did, and the power with it.
    pub(crate) async fn crash(&mut self) {
        self.net.listen(&self.address, self.host, None);
        let Some(Running { tasks }) = self.running.take() else { return };
        if let Kept::Disk(disk) = &self.kept {
            disk.fail_after(0, Fault::ForEver);
        }
        let mut tasks = std::mem::take(&mut *tasks.lock().unwrap());
        tasks.shutdown().await;
        self.net.cut(self.host);
        if let Kept::Disk(disk) = &self.kept {
            disk.lose_power(&mut Dice(below(u64::MAX)));
        }
    }

    /// What is wrong with the store, with nobody in it.
    pub(crate) fn check(&self) -> Vec<String> {
        match &self.kept {
            Kept::Memory(_) => Vec::new(),
            Kept::Disk(disk) => {
                let socket = Arc::new(Socket(Arc::clone(disk)));
                let wake = Arc::new(Presence::default());
                let store = Redb::open_medium(socket, OPTIONS, wake, "simulated".as_ref()).unwrap();
                at_once(store.check()).unwrap().faults
            }
        }
    }
}

fn listener<S: Store>(
    host: Host,
    service: Arc<Service<S>>,
    tasks: Arc<Mutex<JoinSet<()>>>,
) -> Listener {
    let (gate, budget) = (Gate::new(), Arc::new(Budget::default()));
    Arc::new(move |stream: DuplexStream, from: Ipv4Addr| {
        let source = Source::of(IpAddr::V4(from));
        let limits = service.limits();
        let pass = gate.enter(Some(source), &limits).filter(|_| service.admit_link(source));
        let Some(pass) = pass else { return };
        let ready_by = service.clock().moment().plus_ms(limits.ready_s * 1_000);
        let link = Connection::new(Arc::clone(&service), stream, source, &budget, pass, ready_by);
        let mut tasks = tasks.lock().unwrap();
        while tasks.try_join_next().is_some() {}
        tasks.spawn(on(host, link.run()));
    })
}

async fn sweep<S: Store>(service: Arc<Service<S>>) {
    loop {
        // What is not swept now is swept later.
        let _ = service.store().sweep(service.clock().relay_time()).await;
        sleep(SWEEPS).await;
    }
}
