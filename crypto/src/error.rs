//! Whose fault an error is.

/// Who has to change something before the operation can succeed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// The other device, or the relay between: what came is malformed, forged,
    /// repeated, too old or out of bounds.
    Peer,
    /// The caller: what was asked for cannot be done with this state.
    Caller,
}
