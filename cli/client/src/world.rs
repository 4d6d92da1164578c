//! What an account asks of the machine that it runs on: the time, randomness, a
//! place for long work, and the locks of its folder.
//!
//! Everything that is not decided comes through here, so that a test can put
//! another machine in the place of this one (`simulation`).

#[cfg(feature = "simulation")]
pub mod simulation;

use std::{
    convert::Infallible,
    path::PathBuf,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use getrandom::SysRng;
use rand_core::{Rng as _, TryCryptoRng, TryRng, UnwrapErr};
use tokio::task::{JoinError, spawn_blocking};

use crate::lock::{Lock, LockError};

/// The time since 1970, by the wall clock.
pub(crate) fn since_1970() -> Duration {
    #[cfg(feature = "simulation")]
    if let Some(machine) = simulation::machine() {
        return machine.since_1970();
    }
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default()
}

/// The machine's randomness.
#[derive(Debug, Clone, Copy, Default)]
pub struct Random;

impl TryRng for Random {
    type Error = Infallible;

    fn try_next_u32(&mut self) -> Result<u32, Infallible> {
        let mut bytes = [0; 4];
        self.try_fill_bytes(&mut bytes)?;
        Ok(u32::from_le_bytes(bytes))
    }

    fn try_next_u64(&mut self) -> Result<u64, Infallible> {
        let mut bytes = [0; 8];
        self.try_fill_bytes(&mut bytes)?;
        Ok(u64::from_le_bytes(bytes))
    }

    fn try_fill_bytes(&mut self, bytes: &mut [u8]) -> Result<(), Infallible> {
        #[cfg(feature = "simulation")]
        if let Some(machine) = simulation::machine() {
            machine.fill(bytes);
            return Ok(());
        }
        UnwrapErr(SysRng).fill_bytes(bytes);
        Ok(())
    }
}

impl TryCryptoRng for Random {}

/// Does what blocks or takes long, where nobody waits for the thread.
pub(crate) async fn aside<T, F>(work: F) -> Result<T, JoinError>
where
    T: Send + 'static,
    F: FnOnce() -> T + Send + 'static,
{
    #[cfg(feature = "simulation")]
    if let Some(before) = simulation::pause() {
        tokio::time::sleep(before).await;
        let done = work();
        tokio::time::sleep(simulation::pause().unwrap_or_default()).await;
        return Ok(done);
    }
    spawn_blocking(work).await
}

/// Waits for the lock of a file, for as long as `wait`.
pub(crate) async fn lock(
    path: PathBuf,
    what: &'static str,
    wait: Duration,
) -> Result<Result<Lock, LockError>, JoinError> {
    #[cfg(feature = "simulation")]
    if simulation::pause().is_some() {
        return Ok(simulation::lock(&path, what, wait).await);
    }
    spawn_blocking(move || Lock::acquire(&path, what, wait)).await
}
