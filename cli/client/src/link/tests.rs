//! Links to relays that keep the protocol, and to some that do not. Time is the
//! runtime's own and jumps, but over TLS.

mod batch;
mod far;
mod knock;
mod life;
mod malice;

use core::future::Future;
use std::time::Duration;

use msg_protocol::{
    envelope::{Body, Envelope, EnvelopeKind},
    error::{Code, Refusal},
    frame::{FrameError, RequestId, ServerFrame},
    id::{BlobId, DeviceId, EnvelopeId, MailboxId},
    link::{RequestError, Slow},
    push::{Arrived, Closing, PrekeysLow},
    request::{Access, AskBlob, Collect, CountPrekeys, Credit, Deposit, FetchBlob, Ping, Request},
    response::{BlobChunk, BlobStatus, Collected, Done, PrekeysLeft, Response, Row},
    secret::{BlobCapability, DeviceCredential, Door},
    time::UnixSeconds,
    version::{Farewell, Terms},
};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _, DuplexStream, duplex},
    time::sleep,
};

use self::far::{Far, serve, serve_all};
use super::*;
use crate::transport::tests::{Server, Shown};

/// Bytes between both ends: fewer than a frame may have.
const PIPE_BYTES: usize = 16 * 1024;

fn sign_in() -> SignIn {
    SignIn {
        name: "bob".parse().unwrap(),
        device: DeviceId([1; 16]),
        credential: DeviceCredential::new([2; 32]),
        counter: 3,
    }
}

fn signed_in() -> SignedIn {
    SignedIn { counter: 2, envelopes: 5, one_time: 100 }
}

fn envelope(number: u8) -> Envelope {
    Envelope {
        mailbox: MailboxId([1; 16]),
        id: EnvelopeId([number; 16]),
        kind: EnvelopeKind::Session,
        expires: UnixSeconds(1_800_000_000),
        body: Body::new(vec![9; 4_096]).unwrap(),
    }
}

fn deposit(number: u8) -> Deposit {
    let access = Access::Door(Door::new([4; 32]));
    Deposit { access, ephemeral: false, envelope: envelope(number) }
}

fn arrived(sequence: u64) -> Push {
    Arrived { row: Row { sequence, knock: false, envelope: envelope(1) } }.into()
}

fn chunk(index: u32) -> FetchBlob {
    FetchBlob { capability: BlobCapability::new([5; 32]), index }
}

/// A link to a relay that does what it does with the other end of the stream.
async fn link_to<R: Future<Output = ()> + Send + 'static>(
    signs_in: bool,
    relay: impl FnOnce(DuplexStream) -> R,
) -> Result<(Link, Option<SignedIn>), LinkError> {
    let (here, there) = duplex(PIPE_BYTES);
    tokio::spawn(relay(there));
    let link = if signs_in {
        ClientLink::signed_in(sign_in(), Moment(0))
    } else {
        ClientLink::anonymous(Moment(0))
    };
    Link::open(here, link).await
}

/// An anonymous link to such a relay.
async fn anonymous<R: Future<Output = ()> + Send + 'static>(
    relay: impl FnOnce(DuplexStream) -> R,
) -> Link {
    link_to(false, relay).await.unwrap().0
}

/// A link to such a relay that is signed in.
async fn own<R: Future<Output = ()> + Send + 'static>(
    relay: impl FnOnce(DuplexStream) -> R,
) -> Link {
    link_to(true, relay).await.unwrap().0
}
