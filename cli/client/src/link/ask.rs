//! Requests with the answers that belong to them.

use core::{
    future::Future,
    marker::PhantomData,
    pin::Pin,
    task::{Context, Poll, ready},
};
use std::sync::Arc;

use msg_protocol::{
    request::{
        AcknowledgeOne, AcknowledgeUpTo, AskBlob, AskWork, ChangeCredential, Collect, CountPrekeys,
        CreateInvite, Credit, DeleteAccount, DeleteBlob, DeleteRecord, DeleteUser, Deposit,
        EndBatch, FetchBlob, FetchCards, FetchPrekeys, IssueToken, ListInvites, ListRecords,
        ListUsers, Ping, PublishCard, PublishPrekeys, PutBlobChunk, PutRecord, RedeemWork,
        Register, RemoveDevice, Request, RevokeInvite, RevokeToken, SetDoor, SetQuota, ShowUser,
        SuspendUser,
    },
    response::{
        BlobChunk, BlobStatus, Bundles, Cards, Collected, Done, InviteMade, Invites, PrekeysLeft,
        RecordStored, Records, Response, Ticket, User, Users, WorkChallenge,
    },
};
use tokio::sync::oneshot;

use super::{LinkError, Shared};

mod sealed {
    /// Keeps the table of answers in one place.
    pub trait Sealed {}
}

/// A request that an open link takes, and what it is answered with.
pub trait Ask: Into<Request> + Send + sealed::Sealed {
    /// What the relay answers.
    type Answer: Send;

    /// The answer in a response; `None` if it is none.
    #[doc(hidden)]
    fn read(response: Response) -> Option<Self::Answer>;
}

macro_rules! asks {
    ($($request:ident => $answer:ident),* $(,)?) => {
        $(
            impl sealed::Sealed for $request {}

            impl Ask for $request {
                type Answer = $answer;

                fn read(response: Response) -> Option<$answer> {
                    match response {
                        Response::$answer(answer) => Some(answer),
                        _ => None,
                    }
                }
            }
        )*

        #[cfg(test)]
        pub(super) const ASKS: &[&str] = &[$(stringify!($request)),*];
    };
}

asks! {
    Register => Done,
    Ping => Done,
    FetchCards => Cards,
    FetchPrekeys => Bundles,
    AskWork => WorkChallenge,
    RedeemWork => Ticket,
    Deposit => Done,
    EndBatch => Done,
    Collect => Collected,
    Credit => Done,
    AcknowledgeUpTo => Done,
    AcknowledgeOne => Done,
    PublishCard => Done,
    PublishPrekeys => Done,
    CountPrekeys => PrekeysLeft,
    SetDoor => Done,
    IssueToken => Done,
    RevokeToken => Done,
    PutRecord => RecordStored,
    ListRecords => Records,
    DeleteRecord => Done,
    PutBlobChunk => Done,
    AskBlob => BlobStatus,
    FetchBlob => BlobChunk,
    DeleteBlob => Done,
    ChangeCredential => Done,
    RemoveDevice => Done,
    DeleteAccount => Done,
    CreateInvite => InviteMade,
    ListInvites => Invites,
    RevokeInvite => Done,
    ListUsers => Users,
    ShowUser => User,
    SuspendUser => Done,
    SetQuota => User,
    DeleteUser => Done,
}

/// The answer to a request that was sent. Dropped, the answer is let go; the
/// request stays made.
#[derive(Debug)]
#[must_use = "an answer that nobody waits for is let go"]
pub struct Pending<A> {
    answer: oneshot::Receiver<Result<Response, LinkError>>,
    shared: Arc<Shared>,
    request: PhantomData<fn() -> A>,
}

impl<A> Pending<A> {
    pub(super) const fn new(
        answer: oneshot::Receiver<Result<Response, LinkError>>,
        shared: Arc<Shared>,
    ) -> Self {
        Self { answer, shared, request: PhantomData }
    }
}

impl<A: Ask> Future for Pending<A> {
    type Output = Result<A::Answer, LinkError>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context) -> Poll<Self::Output> {
        let answer = ready!(Pin::new(&mut self.answer).poll(context));
        // A driver that ends lets go of its askers, and has said why before.
        let answer = answer.unwrap_or_else(|_| Err(self.shared.error()));
        Poll::Ready(answer.and_then(|response| A::read(response).ok_or(LinkError::Here)))
    }
}

/// Waits for each in turn: they come in whatever order.
pub(super) async fn all<A: Ask>(
    sent: Vec<Result<Pending<A>, LinkError>>,
) -> Vec<Result<A::Answer, LinkError>> {
    let mut answers = Vec::with_capacity(sent.len());
    for pending in sent {
        answers.push(match pending {
            Ok(pending) => pending.await,
            Err(error) => Err(error),
        });
    }
    answers
}
