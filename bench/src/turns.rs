//! Two things timed in turns: A B A B …, and the ratio of each pair.

use std::time::{Duration, Instant};

/// Pairs of turns that count.
const PAIRS: usize = 21;
/// How long a turn should take at least.
const TURN: Duration = Duration::from_millis(25);

/// The medians of all turns.
pub(crate) struct Figure {
    /// Nanoseconds for one of ours.
    pub(crate) ours: f64,
    /// Nanoseconds for one of theirs.
    pub(crate) theirs: f64,
    /// Median of the ratios, pair by pair.
    pub(crate) ratio: f64,
}

/// Times two things that can be repeated without end.
pub(crate) fn compare(mut ours: impl FnMut(), mut theirs: impl FnMut()) -> Figure {
    let ours_count = repetitions(&mut ours);
    let theirs_count = repetitions(&mut theirs);
    compare_turns(
        || per_item(ours_count, || (0..ours_count).for_each(|_| ours())),
        || per_item(theirs_count, || (0..theirs_count).for_each(|_| theirs())),
    )
}

/// Times two things that measure their own turns, in nanoseconds for one item.
pub(crate) fn compare_turns(
    mut ours: impl FnMut() -> f64,
    mut theirs: impl FnMut() -> f64,
) -> Figure {
    let (mut a, mut b, mut ratios) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..PAIRS {
        let (one, other) = (ours(), theirs());
        ratios.push(one / other);
        a.push(one);
        b.push(other);
    }
    Figure { ours: median(a), theirs: median(b), ratio: median(ratios) }
}

/// Nanoseconds for one of `count` items that `turn` handles.
pub(crate) fn per_item(count: u32, turn: impl FnOnce()) -> f64 {
    let start = Instant::now();
    turn();
    start.elapsed().as_secs_f64() * 1e9 / f64::from(count)
}

fn repetitions(item: &mut impl FnMut()) -> u32 {
    let mut count = 1_u32;
    loop {
        let start = Instant::now();
        (0..count).for_each(|_| item());
        if start.elapsed() >= TURN {
            return count;
        }
        count *= 2;
    }
}

/// The middle one.
pub(crate) fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(f64::NAN)
}
