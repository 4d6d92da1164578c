//! A link to a relay: typed requests and their answers, and what the relay
//! pushes. SPEC §"Links".
//!
//! ```text
//! ask, send ──▶ orders ──▶ ┌────────┐ ──▶ frames ──▶ relay
//!      Pending ◀── answer  │ driver │
//!    next_push ◀── pushes  └────────┘ ◀── frames ◀── relay
//! ```
//!
//! One task of its own drives the socket, so that a link stays alive while its
//! owner is busy elsewhere, and any number of requests can be awaited at once.
//! Dropping the link ends the task; nothing else runs. Every call may be dropped
//! while it is awaited: what was sent stays sent, and its answer is let go.
//! What is deliberately absent: trying again. Whoever opens links knows when.

mod ask;
mod batch;
mod driver;
mod error;
mod knock;
mod shared;

use std::sync::Arc;

use msg_protocol::{
    address::{Pin, RelayAddress},
    link::ClientLink,
    push::Push,
    request::SignIn,
    response::SignedIn,
    time::Moment,
    version::Welcome,
};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    sync::{mpsc, oneshot},
    task::JoinHandle,
    time::timeout,
};

pub use self::{
    ask::{Ask, Pending},
    error::{Fault, LinkError},
    knock::knock_ticket,
};
use self::{
    driver::{Driver, LEAVING_TIMEOUT, Order},
    shared::Shared,
};
use crate::transport::{Dialer, Stream};

/// Requests that may wait for the driver to take them.
const ORDERS: usize = 16;

/// One link to a relay, open for requests.
#[derive(Debug)]
pub struct Link {
    orders: mpsc::Sender<Order>,
    shared: Arc<Shared>,
    welcome: Welcome,
    task: Task,
}

/// The driver's task, ended with its owner.
#[derive(Debug)]
struct Task(JoinHandle<()>);

impl Drop for Task {
    fn drop(&mut self) {
        self.0.abort();
    }
}

impl Link {
    /// Opens a link on which nobody signs in: for depositing and asking.
    pub async fn anonymous(
        dialer: &Dialer,
        relay: &RelayAddress,
        pin: Option<Pin>,
        isolation: &str,
    ) -> Result<Self, LinkError> {
        let stream = dial(dialer, relay, pin, isolation).await?;
        let (link, _) = Self::open(stream, ClientLink::anonymous(Moment(0))).await?;
        Ok(link)
    }

    /// Opens a link for a device's own mail.
    pub async fn sign_in(
        dialer: &Dialer,
        relay: &RelayAddress,
        pin: Option<Pin>,
        isolation: &str,
        sign_in: SignIn,
    ) -> Result<(Self, SignedIn), LinkError> {
        let stream = dial(dialer, relay, pin, isolation).await?;
        let (link, signed_in) =
            Self::open(stream, ClientLink::signed_in(sign_in, Moment(0))).await?;
        Ok((link, signed_in.ok_or(LinkError::Here)?))
    }

    /// Opens a link over a stream; the moment 0 of `link` is now.
    async fn open<S>(stream: S, link: ClientLink) -> Result<(Self, Option<SignedIn>), LinkError>
    where
        S: AsyncRead + AsyncWrite + Send + 'static,
    {
        let shared = Arc::new(Shared::default());
        let (orders, ordered) = mpsc::channel(ORDERS);
        let (opened, opening) = oneshot::channel();
        let driver = Driver::new(stream, link, ordered, Arc::clone(&shared), opened);
        let task = Task(tokio::spawn(driver.run()));
        let (welcome, signed_in) = opening.await.map_err(|_| shared.error())?;
        Ok((Self { orders, shared, welcome, task }, signed_in))
    }

    /// What the relay said when the link opened.
    pub const fn welcome(&self) -> &Welcome {
        &self.welcome
    }

    /// Makes a request and waits for its answer.
    pub async fn ask<A: Ask>(&self, request: A) -> Result<A::Answer, LinkError> {
        self.send(request).await?.await
    }

    /// Makes requests, as many at once as the relay grants, and waits for all
    /// answers. They come in the order of the requests.
    pub async fn ask_all<A: Ask>(
        &self,
        requests: impl IntoIterator<Item = A>,
    ) -> Vec<Result<A::Answer, LinkError>> {
        let mut sent = Vec::new();
        for request in requests {
            sent.push(self.send(request).await);
        }
        ask::all(sent).await
    }

    /// Makes a request, and gives what its answer is awaited by. Waits only as
    /// long as the relay grants no further request; requests are written in the
    /// order in which they were sent.
    pub async fn send<A: Ask>(&self, request: A) -> Result<Pending<A>, LinkError> {
        let (answer, answered) = oneshot::channel();
        let order = Order { request: Box::new(request.into()), answer };
        self.orders.send(order).await.map_err(|_| self.shared.error())?;
        Ok(Pending::new(answered, Arc::clone(&self.shared)))
    }

    /// Waits for what the relay says unasked. Envelopes come only by leave, as
    /// many as the caller has given credit for; those that have come are given
    /// before the reason why the link has closed.
    pub async fn next_push(&self) -> Result<Push, LinkError> {
        self.shared.next_push().await
    }

    /// Waits until the link is closed, and says why.
    pub async fn closed(&self) -> LinkError {
        self.shared.closed().await
    }

    /// Why the link is closed, if it is.
    pub fn closure(&self) -> Option<LinkError> {
        self.shared.closure()
    }

    /// Writes what was sent, and tells the relay that nothing more will come.
    /// Takes a few seconds at most; answers still to come are let go.
    pub async fn close(self) {
        let Self { orders, mut task, .. } = self;
        drop(orders);
        // The driver has its own limits; what is left after these is aborted.
        let _ = timeout(2 * LEAVING_TIMEOUT, &mut task.0).await;
    }
}

async fn dial(
    dialer: &Dialer,
    relay: &RelayAddress,
    pin: Option<Pin>,
    isolation: &str,
) -> Result<Box<dyn Stream>, LinkError> {
    let dialled = dialer.dial(relay, pin, isolation).await;
    dialled.map_err(|error| LinkError::Dial { relay: relay.clone(), error })
}

#[cfg(test)]
mod tests;
