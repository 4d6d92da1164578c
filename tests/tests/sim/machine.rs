//! The machines of a simulation: one source of chance for a whole run, virtual
//! time, and a wall clock for each host that a fault may set wrong.
//!
//! A run has its thread for itself. Whatever happens on it happens on the host
//! whose future is polled at that moment.

use std::{
    cell::{Cell, RefCell},
    hash::{DefaultHasher, Hash as _, Hasher as _},
    pin::Pin,
    rc::Rc,
    sync::OnceLock,
    task::{Context, Poll},
    time::Duration,
};

use msg_client::world::simulation as client;
use msg_relay::simulation as relay;
use msg_tests::soak;
use rand_chacha::ChaCha8Rng;
use rand_core::{Rng as _, SeedableRng as _};
use tokio::time::Instant;

/// Seconds since 1970 at which every run begins.
const BEGIN_S: u64 = 1_800_000_000;
/// Hosts of a run at most.
pub(crate) const HOSTS: usize = 16;

/// A machine of the run: a person's, or a relay's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Host(pub(crate) usize);

struct Machine {
    began: Instant,
    rng: RefCell<ChaCha8Rng>,
    here: Cell<Host>,
    /// By how many milliseconds each wall clock is wrong.
    wrong_ms: RefCell<[i64; HOSTS]>,
    /// All that has happened, as a number.
    trace: Cell<u64>,
}

thread_local! {
    static MACHINE: RefCell<Option<Rc<Machine>>> = const { RefCell::new(None) };
}

/// Puts the machines of a run under this thread until it is dropped.
pub(crate) struct Run;

impl Run {
    pub(crate) fn begin(number: u64) -> Self {
        let machine = Rc::new(Machine {
            began: Instant::now(),
            rng: RefCell::new(ChaCha8Rng::seed_from_u64(number)),
            here: Cell::new(Host(0)),
            wrong_ms: RefCell::new([0; HOSTS]),
            trace: Cell::new(number),
        });
        MACHINE.set(Some(Rc::clone(&machine)));
        client::run_on(Some(Rc::clone(&machine) as _));
        relay::run_on(Some(machine));
        Self
    }
}

impl Drop for Run {
    fn drop(&mut self) {
        client::run_on(None);
        relay::run_on(None);
        MACHINE.set(None);
    }
}

fn machine() -> Rc<Machine> {
    MACHINE.with_borrow(|machine| machine.clone().expect("a run has begun on this thread"))
}

impl Machine {
    fn since_1970(&self) -> Duration {
        let true_ms = BEGIN_S * 1_000 + u64::try_from(self.began.elapsed().as_millis()).unwrap();
        let wrong = self.wrong_ms.borrow()[self.here.get().0];
        Duration::from_millis(true_ms.saturating_add_signed(wrong))
    }

    fn fill(&self, bytes: &mut [u8]) {
        self.rng.borrow_mut().fill_bytes(bytes);
    }
}

impl client::Machine for Machine {
    fn since_1970(&self) -> Duration {
        self.since_1970()
    }

    fn fill(&self, bytes: &mut [u8]) {
        self.fill(bytes);
    }

    fn pause(&self) -> Duration {
        pause()
    }
}

impl relay::Machine for Machine {
    fn since_1970(&self) -> Duration {
        self.since_1970()
    }

    fn fill(&self, bytes: &mut [u8]) {
        self.fill(bytes);
    }
}

/// A number below `bound`, by chance.
pub(crate) fn below(bound: u64) -> u64 {
    machine().rng.borrow_mut().next_u64() % bound.max(1)
}

/// Whether something happens that does so many times in a thousand.
pub(crate) fn chance(per_mille: u64) -> bool {
    per_mille > 0 && below(1_000) < per_mille
}

/// One of them, by chance.
pub(crate) fn pick<T: Copy>(of: &[T]) -> T {
    of[usize::try_from(below(of.len() as u64)).unwrap()]
}

/// How long a disk or a processor takes for something: mostly next to nothing.
pub(crate) fn pause() -> Duration {
    Duration::from_millis(if chance(100) { below(20) } else { below(2) })
}

/// Sets a wall clock wrong by so many milliseconds.
pub(crate) fn set_clock_wrong(host: Host, by_ms: i64) {
    machine().wrong_ms.borrow_mut()[host.0] = by_ms;
}

/// Something has happened: two runs in which the same happens come to the same number.
pub(crate) fn note(bytes: &[u8]) {
    let machine = machine();
    let now = u64::try_from(machine.began.elapsed().as_micros()).unwrap();
    let mut hasher = DefaultHasher::new();
    (machine.trace.get(), now, bytes).hash(&mut hasher);
    machine.trace.set(hasher.finish());
}

/// Tells what happens to who runs a seed alone.
pub(crate) fn tell(what: impl FnOnce() -> String) {
    static ALONE: OnceLock<bool> = OnceLock::new();
    if *ALONE.get_or_init(soak::is_alone) {
        eprintln!("{:>9} ms  {}", machine().began.elapsed().as_millis(), what());
    }
}

/// The number that all of it comes to.
pub(crate) fn trace() -> u64 {
    machine().trace.get()
}

/// What happens on a host.
pub(crate) fn on<F: Future>(host: Host, inner: F) -> On<F> {
    On { host, inner: Box::pin(inner) }
}

pub(crate) struct On<F> {
    host: Host,
    inner: Pin<Box<F>>,
}

impl<F: Future> Future for On<F> {
    type Output = F::Output;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<F::Output> {
        let machine = machine();
        let before = machine.here.replace(self.host);
        let polled = self.inner.as_mut().poll(context);
        machine.here.set(before);
        polled
    }
}
