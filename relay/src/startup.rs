//! From a configuration to what a relay needs before its first link: a private
//! process, a data folder that nobody else uses, and a port.

mod lock;
mod net;
mod process;

pub(crate) use self::{
    lock::{DataLock, LockError},
    net::{ListenError, keep_alive, listen, public_address},
    process::{descriptors, harden, mute_panics},
};
