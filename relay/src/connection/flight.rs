//! Requests that are being done. Answers land in any order, but for the end of
//! a batch, which lands after every deposit before it.

use std::{
    collections::{BTreeSet, VecDeque},
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
    time::Instant,
};

use futures_util::{StreamExt as _, stream::FuturesUnordered};
use msg_protocol::{
    error::Refusal,
    frame::RequestId,
    request::{Request, SignIn},
    response::{Done, Response, SignedIn},
};

use crate::{
    fail_point,
    mutant::{self, Mutant},
    service::{Caller, Service, SignedInDevice, refusal::Answer},
    source::Source,
    store::Store,
};

/// What has been done.
pub(super) enum Landed {
    /// A request.
    Answer(RequestId, Result<Response, Refusal>),
    /// Who the device is, and the counter that it showed.
    Checked(Answer<SignedInDevice>, u64),
    /// What the device is told.
    SignedIn(Answer<SignedIn>),
    /// Why the device may not stay, if it may not.
    LookedAfter(Option<Refusal>),
}

type Task = Pin<Box<dyn Future<Output = (Option<u64>, Landed)> + Send>>;

/// What is being done.
#[derive(Default)]
pub(super) struct Flight {
    tasks: FuturesUnordered<Task>,
    next_deposit: u64,
    deposits: BTreeSet<u64>,
    ends: VecDeque<(RequestId, u64)>,
}

impl Flight {
    /// Begins to do a request.
    pub(super) fn take_off<S: Store>(
        &mut self,
        service: &Arc<Service<S>>,
        caller: &Arc<Caller>,
        id: RequestId,
        request: Request,
    ) {
        if let Request::EndBatch(_) = request {
            self.ends.push_back((id, self.next_deposit));
            return;
        }
        let number = matches!(request, Request::Deposit(_)).then(|| self.number_deposit());
        if number.is_some() && mutant::is_planted(Mutant::AcknowledgesEarly) {
            let early = Landed::Answer(id, Ok(Done {}.into()));
            self.tasks.push(Box::pin(async move { (None, early) }));
        }
        let (service, caller) = (Arc::clone(service), Arc::clone(caller));
        self.tasks.push(Box::pin(async move {
            let (kind, begun) = (request.kind(), Instant::now());
            let answer = service.handle(&caller, request).await;
            let code = answer.as_ref().err().map(|refusal| refusal.code);
            service.figures().answered(kind, code, begun.elapsed());
            fail_point::pass("before-answer");
            (number, Landed::Answer(id, answer))
        }));
    }

    /// Begins to check who a device is.
    pub(super) fn check<S: Store>(
        &mut self,
        service: Arc<Service<S>>,
        source: Source,
        sign_in: SignIn,
    ) {
        self.tasks.push(Box::pin(async move {
            let checked = service.check_device(source, &sign_in).await;
            (None, Landed::Checked(checked, sign_in.counter))
        }));
    }

    /// Begins to look up what a device is told that signs in.
    pub(super) fn sign_in<S: Store>(
        &mut self,
        service: Arc<Service<S>>,
        device: SignedInDevice,
        counter: u64,
    ) {
        self.tasks.push(Box::pin(async move {
            (None, Landed::SignedIn(service.sign_in(device, counter).await))
        }));
    }

    /// Begins to look up whether a device may stay.
    pub(super) fn look_after<S: Store>(
        &mut self,
        service: Arc<Service<S>>,
        device: SignedInDevice,
    ) {
        self.tasks.push(Box::pin(async move {
            (None, Landed::LookedAfter(service.look_after(device).await))
        }));
    }

    /// The next that is done; `None` if none is yet.
    pub(super) fn poll_next(&mut self, context: &mut Context<'_>) -> Option<Landed> {
        if let Some(end) = self.end_of_batch() {
            return Some(end);
        }
        let Poll::Ready(Some((number, landed))) = self.tasks.poll_next_unpin(context) else {
            return None;
        };
        if let Some(number) = number {
            self.deposits.remove(&number);
        }
        Some(landed)
    }

    fn number_deposit(&mut self) -> u64 {
        let number = self.next_deposit;
        self.next_deposit += 1;
        self.deposits.insert(number);
        number
    }

    fn end_of_batch(&mut self) -> Option<Landed> {
        let (id, before) = *self.ends.front()?;
        if self.deposits.first().is_some_and(|first| *first < before) {
            return None;
        }
        self.ends.pop_front();
        Some(Landed::Answer(id, Ok(Done {}.into())))
    }
}
