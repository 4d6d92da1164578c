//! Randomness, from the operating system.

/// The operating system gives no randomness. The environment's fault.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("operating system gives no randomness")]
pub(crate) struct RandomError;

/// Fresh random bytes.
pub(crate) fn bytes<const N: usize>() -> Result<[u8; N], RandomError> {
    let mut bytes = [0; N];
    #[cfg(any(test, feature = "simulation"))]
    if let Some(machine) = crate::simulation::machine() {
        machine.fill(&mut bytes);
        return Ok(bytes);
    }
    getrandom::fill(&mut bytes).map_err(|_| RandomError)?;
    Ok(bytes)
}
