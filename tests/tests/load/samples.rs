//! What a process takes, every few seconds, and how fast that grows.

use std::{
    fmt, fs,
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    thread::{self, JoinHandle},
    time::{Duration, Instant},
};

const EVERY: Duration = Duration::from_secs(5);
const SECOND: Duration = Duration::from_secs(1);
/// Every so many samples a line is written.
const TOLD: usize = 24;
const MIB: f64 = 1_048_576.0;
/// The first of so many parts is for warming up.
const WARM: usize = 3;
/// By how much each may grow in an hour: MiB, descriptors, MiB.
const MAX_GROWTH: [f64; 3] = [1.0, 2.0, 16.0];

/// One look: hours since the first, then resident MiB, descriptors, MiB of files.
#[derive(Debug, Clone, Copy)]
struct Sample {
    hours: f64,
    values: [f64; 3],
}

/// All looks at a process.
#[derive(Debug)]
pub(crate) struct Samples(Vec<Sample>);

impl Samples {
    /// Looks at a process and its folder until it is over.
    pub(crate) fn take(id: u32, data: PathBuf, is_over: Arc<AtomicBool>) -> JoinHandle<Self> {
        thread::spawn(move || {
            let (begun, mut samples) = (Instant::now(), Vec::new());
            let mut next = begun;
            while !is_over.load(Ordering::SeqCst) {
                if Instant::now() >= next {
                    let values = [resident(id), descriptors(id), stored(&data)];
                    samples.push(Sample { hours: begun.elapsed().as_secs_f64() / 3_600.0, values });
                    next += EVERY;
                    if samples.len() % TOLD == 0 {
                        let [resident, descriptors, stored] = values;
                        let minutes = begun.elapsed().as_secs() / 60;
                        eprintln!(
                            "{minutes} min: {resident:.1} MiB resident, {descriptors} descriptors, {stored:.1} MiB stored"
                        );
                    }
                }
                thread::sleep(SECOND);
            }
            Self(samples)
        })
    }

    /// What grows in an hour, once warm.
    fn slopes(&self) -> [f64; 3] {
        let warm = &self.0[self.0.len() / WARM..];
        [0, 1, 2].map(|which| {
            let points: Vec<_> = warm.iter().map(|one| (one.hours, one.values[which])).collect();
            slope(&points)
        })
    }

    /// Nothing grows with time.
    pub(crate) fn assert_flat(&self) {
        for (slope, most) in self.slopes().into_iter().zip(MAX_GROWTH) {
            assert!(slope < most, "it grows: {self}");
        }
    }
}

impl fmt::Display for Samples {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let last = self.0.last().map_or([0.0; 3], |one| one.values);
        let [resident, descriptors, stored] = self.slopes();
        write!(
            formatter,
            "{:.1} MiB resident ({resident:+.2}/h), {} descriptors ({descriptors:+.2}/h), \
             {:.1} MiB stored ({stored:+.2}/h)",
            last[0], last[1], last[2],
        )
    }
}

/// The slope of the line with the least squares.
#[expect(clippy::cast_precision_loss, reason = "there are thousands of samples, not more")]
fn slope(points: &[(f64, f64)]) -> f64 {
    let count = points.len().max(1) as f64;
    let mean_x = points.iter().map(|(x, _)| x).sum::<f64>() / count;
    let mean_y = points.iter().map(|(_, y)| y).sum::<f64>() / count;
    let rise: f64 = points.iter().map(|(x, y)| (x - mean_x) * (y - mean_y)).sum();
    let run: f64 = points.iter().map(|(x, _)| (x - mean_x).powi(2)).sum();
    if run > 0.0 { rise / run } else { 0.0 }
}

fn resident(id: u32) -> f64 {
    let status = fs::read_to_string(format!("/proc/{id}/status")).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
    line.split_whitespace().next().unwrap().parse::<f64>().unwrap() / 1_024.0
}

#[expect(clippy::cast_precision_loss, reason = "there are few")]
fn descriptors(id: u32) -> f64 {
    fs::read_dir(format!("/proc/{id}/fd")).unwrap().count() as f64
}

/// What the files of a folder hold.
#[expect(clippy::cast_precision_loss, reason = "a size is shown with a digit")]
fn stored(data: &Path) -> f64 {
    let files = fs::read_dir(data).unwrap();
    // One may go while we look.
    let sizes = files.filter_map(|file| Some(file.ok()?.metadata().ok()?.len()));
    sizes.sum::<u64>() as f64 / MIB
}

#[cfg(test)]
mod tests {
    use super::*;

    fn samples(resident: impl Fn(f64) -> f64) -> Samples {
        let sample = |number: u32| {
            let hours = f64::from(number) / 720.0;
            Sample { hours, values: [resident(hours), 10.0, 1.0] }
        };
        Samples((0..720).map(sample).collect())
    }

    #[test]
    fn what_grows_is_found_and_what_only_warms_up_is_not() {
        samples(|hours| if hours < 0.2 { 10.0 * hours } else { 2.0 }).assert_flat();
        let grows = std::panic::catch_unwind(|| samples(|hours| 1.5 * hours).assert_flat());
        assert!(grows.is_err());
        assert!((slope(&[(0.0, 1.0), (1.0, 3.0), (2.0, 5.0)]) - 2.0).abs() < 1e-9);
    }
}
