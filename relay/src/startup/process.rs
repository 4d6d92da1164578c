//! What the process may do, and what of it others may see.

use std::{io, panic};

use rustix::{
    fs::Mode,
    process::{Resource, Rlimit, getrlimit, setrlimit, umask},
};

/// What a panic says is where it was, as an event of the log: its own words may
/// hold what a peer has sent, or what is stored.
pub(crate) fn mute_panics() {
    panic::set_hook(Box::new(|panic| {
        let at = panic.location().map(ToString::to_string).unwrap_or_default();
        tracing::error!("a part of the relay has failed at {at}");
    }));
}

/// Files are for the owner alone, and memory is written to none: it holds the
/// relay's key.
pub(crate) fn harden() -> io::Result<()> {
    umask(Mode::RWXG | Mode::RWXO);
    setrlimit(Resource::Core, Rlimit { current: Some(0), maximum: Some(0) })?;
    #[cfg(target_os = "linux")]
    rustix::process::set_dumpable_behavior(rustix::process::DumpableBehavior::NotDumpable)?;
    Ok(())
}

/// Takes as many descriptors as the system allows, and says how many that is:
/// each link needs one. `None` is without bound.
pub(crate) fn descriptors() -> Option<u64> {
    let limit = getrlimit(Resource::Nofile);
    let raised = Rlimit { current: limit.maximum, maximum: limit.maximum };
    if setrlimit(Resource::Nofile, raised).is_ok() { limit.maximum } else { limit.current }
}
