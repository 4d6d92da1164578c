//! A relay as its clients meet it: the real program on a folder of its own, one
//! that lies, and a scripted peer that speaks `protocol` alone. Bodies are random bytes: nothing
//! here seals or opens an envelope. `protocol/SPEC.md` §"Links".

mod endpoint;
mod identity;
mod liar;
mod peer;
mod process;
mod raw;
mod trust;

pub use self::{
    endpoint::Endpoint,
    identity::{Identity, Upload},
    liar::{Answer, Liar, Lie},
    peer::{Peer, PeerError, deposit, envelope},
    process::{RelayBuilder, RelayProcess},
    raw::Raw,
    trust::{ALPN, trusting, trusting_by},
};
