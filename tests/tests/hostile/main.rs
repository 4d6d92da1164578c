//! A relay under those who mean it harm: garbage, slowness, floods, and more
//! links than there is room for. Each attacker comes from loopback addresses of
//! his own, so that he is a source by himself, and beside him somebody else goes
//! on using the relay.

#![cfg(test)]

mod descriptors;
mod floods;
mod garbage;
mod leaving;
mod limits;
mod privacy;
mod scene;
mod slow;
mod soak;
mod tls;
