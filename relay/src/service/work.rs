//! Challenges and tickets: what a stranger works for. Nothing is remembered of a
//! challenge, and an answered one buys one ticket, however often it is shown.
//! SPEC §"Proof of work".

use msg_protocol::{
    hash::{Label, hash, truncate},
    id::AccountId,
    limits::{KNOCKS_PER_RIGHT, MAX_WORK_BITS},
    request::{AskWork, RedeemWork},
    response::Ticket,
    secret::WorkTicket,
    work::{self, WorkChallenge},
};
use subtle::ConstantTimeEq as _;

use super::{
    Service,
    access::{ticket_hash, ticket_id},
    refusal::{self, Answer},
};
use crate::{
    clock::DAY_S,
    quota::Deed,
    random,
    source::Source,
    store::{
        RelayTime, Store,
        account::Whose,
        right::{Added, KnockRight, RightKind},
    },
};

/// Seconds in which a challenge has to be answered.
const CHALLENGE_S: u64 = 600;
/// Seconds for which a ticket is good; longer than its challenge, so that no
/// challenge buys a second one.
const TICKET_S: u64 = DAY_S;
/// What a challenge says, before what proves that it is ours.
type Head = [u8; 16];

impl<S: Store> Service<S> {
    pub(super) async fn ask_work(&self, source: Source, ask: &AskWork) -> Answer<WorkChallenge> {
        self.count(source, Deed::Work, 1)?;
        self.store.account(Whose::Id(ask.target)).await?.ok_or(refusal::NOT_FOUND)?;
        let expires = self.clock.relay_time().plus_s(CHALLENGE_S);
        let nonce: [u8; 8] = random::bytes()?;
        let mut head: Head = [0; 16];
        for (to, from) in head.iter_mut().zip(expires.0.to_be_bytes().into_iter().chain(nonce)) {
            *to = from;
        }
        Ok(WorkChallenge {
            challenge: self.challenge(ask.target, head),
            bits: self.work_bits(),
            expires: self.clock.on_wall(expires),
        })
    }

    pub(super) async fn redeem_work(&self, source: Source, redeem: &RedeemWork) -> Answer<Ticket> {
        self.count(source, Deed::Work, 1)?;
        let now = self.clock.relay_time();
        let head: Head = truncate(redeem.challenge);
        let is_ours: bool = self.challenge(redeem.target, head).ct_eq(&redeem.challenge).into();
        let in_time = now < expiry(head);
        let is_answer =
            work::verify(&redeem.challenge, redeem.target, self.work_bits(), redeem.nonce);
        if !(is_ours && in_time && is_answer) {
            return Err(refusal::DENIED);
        }
        let ticket = self.ticket(redeem);
        let expires = now.plus_s(TICKET_S);
        let right = KnockRight {
            kind: RightKind::Ticket,
            hash: ticket_hash(&ticket),
            fetch: true,
            knocks: KNOCKS_PER_RIGHT,
            expires,
        };
        let id = ticket_id(&ticket);
        let tickets = usize::try_from(self.limits().tickets).unwrap_or(usize::MAX);
        let left = match self.store.add_right(redeem.target, id, right, tickets, now).await? {
            Added::Done => KNOCKS_PER_RIGHT,
            Added::Exists => {
                let known = self.store.right(redeem.target, id, now).await?;
                known.ok_or(refusal::DENIED)?.knocks
            }
            Added::TooMany => return Err(refusal::MAILBOX_FULL),
            Added::NotFound => return Err(refusal::NOT_FOUND),
        };
        Ok(Ticket { ticket, knocks: left, expires: self.clock.on_wall(expires) })
    }

    fn work_bits(&self) -> u8 {
        u8::try_from(self.limits().work_bits).unwrap_or(MAX_WORK_BITS).min(MAX_WORK_BITS)
    }

    /// A challenge: its head, and 16 bytes that only this relay can make for
    /// that head and that account.
    fn challenge(&self, target: AccountId, head: Head) -> [u8; 32] {
        let secret = self.store.secret();
        let proof = hash(Label::new("relay-challenge"), &[&secret, target.as_bytes(), &head]);
        let mut challenge = [0; 32];
        for (to, from) in challenge.iter_mut().zip(head.into_iter().chain(proof)) {
            *to = from;
        }
        challenge
    }

    fn ticket(&self, redeem: &RedeemWork) -> WorkTicket {
        let secret = self.store.secret();
        let fields: [&[u8]; 3] = [&secret, redeem.target.as_bytes(), &redeem.challenge];
        WorkTicket::new(hash(Label::new("relay-ticket"), &fields))
    }
}

fn expiry(head: Head) -> RelayTime {
    let mut seconds = [0; 8];
    for (to, from) in seconds.iter_mut().zip(head) {
        *to = from;
    }
    RelayTime(u64::from_be_bytes(seconds))
}
