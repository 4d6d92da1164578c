//! What the process does before anything else: nothing that it makes or holds is
//! for others.

use std::{io, panic, sync::OnceLock};

use msg_client::store::sealed::is_contained;
use rustix::{
    fs::Mode,
    process::{Resource, Rlimit, setrlimit, umask},
};

/// What others may do to new files: nothing.
const OTHERS: Mode = Mode::RWXG.union(Mode::RWXO);

/// The mask that our owner had.
static OWN_MASK: OnceLock<Mode> = OnceLock::new();

/// Starts a program of our owner's, which makes files as it would without us. Nothing
/// of ours may be made meanwhile.
pub(crate) fn with_own_mask<T>(start: impl FnOnce() -> T) -> T {
    umask(OWN_MASK.get().copied().unwrap_or(OTHERS));
    let started = start();
    umask(OTHERS);
    started
}

/// Files are for the owner alone, memory is written to no file, and no other
/// process of the same user may look into it. SIGPIPE stays ignored, as Rust has
/// it: who writes is told.
pub(crate) fn harden() -> io::Result<()> {
    let own = umask(OTHERS);
    OWN_MASK.get_or_init(|| own);
    setrlimit(Resource::Core, Rlimit { current: Some(0), maximum: Some(0) })?;
    #[cfg(target_os = "linux")]
    rustix::process::set_dumpable_behavior(rustix::process::DumpableBehavior::NotDumpable)?;
    Ok(())
}

/// What a panic says is where it was: its own words may hold what a message says.
pub(crate) fn mute_panics() {
    panic::set_hook(Box::new(|panic| {
        if is_contained() {
            return;
        }
        let at = panic.location().map(ToString::to_string).unwrap_or_default();
        crate::output::say(&format!("error: msg has failed at {at}\nhint: this is a bug\n"));
    }));
}
