//! Many runs, as many at a time as there are processors.

use std::{
    fmt,
    ops::Range,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{
        Mutex,
        atomic::{AtomicU64, Ordering},
    },
    thread,
    time::Instant,
};

use crate::{
    mutants::{self, Mutant},
    world::{self, Outcome},
};

/// Runs that failed before no more are begun.
const ENOUGH: usize = 10;

/// What many runs come to.
#[derive(Debug, Default)]
pub(crate) struct Sums {
    pub(crate) runs: u64,
    pub(crate) failed: Vec<u64>,
    texts: [usize; 3],
    virtual_s: u64,
    real_s: u64,
}

impl fmt::Display for Sums {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { runs, failed, texts: [said, taken, shown], virtual_s, real_s } = self;
        write!(
            formatter,
            "{runs} runs, {} failed: {said} texts said, {taken} taken for sending, {shown} shown, \
             in {virtual_s} virtual and {real_s} real seconds",
            failed.len()
        )
    }
}

/// Runs one seed; what panics is wrong as well.
pub(crate) fn one(seed: u64, mutant: Option<Mutant>) -> Outcome {
    let run = catch_unwind(AssertUnwindSafe(|| world::run(seed, mutant)));
    mutants::plant(None);
    run.unwrap_or_else(|panic| {
        let said = panic.downcast_ref::<String>().cloned();
        let said = said.or_else(|| panic.downcast_ref().map(|said: &&str| (*said).to_owned()));
        Outcome::panicked(&said.unwrap_or_default())
    })
}

/// Runs all of them, and says of each that fails how it is run alone.
pub(crate) fn all(seeds: Range<u64>) -> Sums {
    let (next, sums) = (AtomicU64::new(seeds.start), Mutex::new(Sums::default()));
    let begun = Instant::now();
    let work = || {
        loop {
            let seed = next.fetch_add(1, Ordering::Relaxed);
            if seed >= seeds.end || sums.lock().unwrap().failed.len() >= ENOUGH {
                return;
            }
            let outcome = one(seed, None);
            sums.lock().unwrap().add(seed, &outcome);
        }
    };
    let threads = thread::available_parallelism().map_or(1, usize::from);
    thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(work);
        }
    });
    let mut sums = sums.into_inner().unwrap();
    sums.failed.sort_unstable();
    sums.real_s = begun.elapsed().as_secs();
    sums
}

impl Sums {
    /// Texts that were taken for sending.
    pub(crate) fn taken(&self) -> usize {
        let [_, taken, _] = self.texts;
        taken
    }

    fn add(&mut self, seed: u64, outcome: &Outcome) {
        self.runs += 1;
        self.virtual_s += outcome.took_ms / 1_000;
        for (sum, more) in self.texts.iter_mut().zip(outcome.sums) {
            *sum += more;
        }
        if outcome.wrong.is_empty() {
            return;
        }
        self.failed.push(seed);
        for what in &outcome.wrong {
            eprintln!("seed {seed}: {what}");
        }
        eprintln!(
            "alone: MSG_TEST_SEED={seed} cargo test --package msg-tests --test sim everything"
        );
    }
}
