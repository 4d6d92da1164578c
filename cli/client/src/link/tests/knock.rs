//! Work for a first contact.

use core::sync::atomic::AtomicBool;

use msg_protocol::{
    id::AccountId,
    response::{Ticket, WorkChallenge},
    secret::WorkTicket,
    work::{WorkTooHardError, verify},
};

use super::*;
use crate::link::knock::search;

const TARGET: AccountId = AccountId([6; 16]);

/// A relay that asks for so many bits, and checks them.
async fn asking(stream: DuplexStream, bits: u8) {
    serve(stream, Terms::default(), |id, request| {
        let answer = match request {
            Request::AskWork(ask) => {
                assert_eq!(ask.target, TARGET);
                let expires = UnixSeconds(1_700_000_600);
                WorkChallenge { challenge: [8; 32], bits, expires }.into()
            }
            Request::RedeemWork(work) => {
                assert!(verify(&work.challenge, work.target, bits, work.nonce));
                assert_eq!((work.challenge, work.target), ([8; 32], TARGET));
                Ticket {
                    ticket: WorkTicket::new([1; 32]),
                    knocks: 8,
                    expires: UnixSeconds(1_700_000_600),
                }
                .into()
            }
            other => panic!("{other:?}"),
        };
        vec![(id, Ok(answer))]
    })
    .await;
}

#[tokio::test]
async fn work_is_done_and_redeemed() {
    let link = anonymous(|stream| asking(stream, 10)).await;
    assert_eq!(knock_ticket(&link, TARGET).await.unwrap().knocks, 8);
}

#[tokio::test]
async fn nobody_works_for_ever() {
    let link = anonymous(|stream| asking(stream, 29)).await;
    let error = knock_ticket(&link, TARGET).await.map(|_| ()).unwrap_err();
    assert_eq!(error, LinkError::WorkTooHard(WorkTooHardError(29)));
    assert_eq!(error.fault(), Fault::Relay);
}

#[tokio::test]
async fn work_that_nobody_waits_for_stops() {
    let link = anonymous(|stream| asking(stream, 28)).await;
    let working = timeout(Duration::from_millis(50), knock_ticket(&link, TARGET));
    assert!(working.await.is_err());
    // The runtime ends with this test only when its blocking tasks have.
    let work = WorkChallenge { challenge: [8; 32], bits: 28, expires: UnixSeconds(0) };
    assert_eq!(search(&work, TARGET, &AtomicBool::new(false)), Ok(None));
}
