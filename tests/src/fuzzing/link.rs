//! Both ends of a link: whatever the peer sends, whenever, in whatever pieces, it
//! closes once and for good, holds little, and says only what has its place.

mod client;
pub(super) mod frames;
mod pair;
mod server;

pub use self::{client::link_client, pair::link_pair, server::link_server};
