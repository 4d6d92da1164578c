//! Named points at which a test can end the process at once.
//!
//! `MSG_FAIL_POINT=name:n` exits with status 137 at the n-th passage of
//! that point. Without the feature `fail-points` a point is nothing at all.

/// Passes a point.
#[cfg(not(feature = "fail-points"))]
pub(crate) const fn pass(_name: &str) {}

/// Passes a point; ends the process if it is the one that the environment names.
#[cfg(feature = "fail-points")]
pub(crate) fn pass(name: &str) {
    use std::sync::{
        OnceLock,
        atomic::{AtomicU64, Ordering},
    };

    static POINT: OnceLock<Option<(String, u64)>> = OnceLock::new();
    static PASSAGES: AtomicU64 = AtomicU64::new(0);

    let point = POINT.get_or_init(|| {
        let text = std::env::var("MSG_FAIL_POINT").ok()?;
        let (name, passage) = text.split_once(':')?;
        Some((name.to_owned(), passage.parse().ok()?))
    });
    if let Some((wanted, passage)) = point
        && wanted == name
        && PASSAGES.fetch_add(1, Ordering::SeqCst) + 1 == *passage
    {
        std::process::exit(137);
    }
}
