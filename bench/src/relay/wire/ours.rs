//! Our own protocol, by its own state machine.

use std::{
    collections::BTreeMap,
    io,
    time::{Instant, SystemTime, UNIX_EPOCH},
};

use msg_protocol::{
    envelope::{Body, Envelope, EnvelopeKind},
    frame::RequestId,
    id::{EnvelopeId, MailboxId},
    link::{ClientEvent, ClientLink},
    request::{Access, Deposit},
    secret::Door,
    time::{Moment, UnixSeconds},
};

use super::{Letter, Wire, odd, refused};

/// Days for which what is deposited may wait.
const DAYS: u32 = 7;

/// Answers come in any order.
pub(crate) struct OurWire {
    link: ClientLink,
    began: Instant,
    expires: UnixSeconds,
    mailboxes: std::sync::Arc<[(MailboxId, Door)]>,
    waiting: BTreeMap<RequestId, usize>,
    ready: bool,
}

impl OurWire {
    /// An anonymous link to a relay that has these mailboxes. What it says first
    /// is in [`Wire::unasked`]; slot 0 is answered when it is ready.
    pub(crate) fn new(mailboxes: std::sync::Arc<[(MailboxId, Door)]>) -> Self {
        let today = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Self {
            link: ClientLink::anonymous(Moment(0)),
            began: Instant::now(),
            expires: UnixSeconds(today.as_secs()).plus_days(DAYS),
            mailboxes,
            waiting: BTreeMap::new(),
            ready: false,
        }
    }

    fn now(&self) -> Moment {
        Moment(u64::try_from(self.began.elapsed().as_millis()).unwrap_or(u64::MAX))
    }

    fn handle(&mut self, event: &ClientEvent, done: &mut Vec<usize>) -> io::Result<()> {
        match event {
            ClientEvent::Ready(..) => {
                self.ready = true;
                done.push(0);
            }
            ClientEvent::Answer(id, Ok(_)) => {
                done.push(self.waiting.remove(id).ok_or_else(|| odd(b"an answer too many"))?);
            }
            ClientEvent::Answer(_, Err(refusal)) => {
                return Err(refused(refusal.to_string().as_bytes()));
            }
            ClientEvent::Closed(closure) => return Err(refused(closure.to_string().as_bytes())),
            ClientEvent::Push(_) => {}
        }
        Ok(())
    }
}

impl Wire for OurWire {
    fn deposit(&mut self, slot: usize, letter: &Letter<'_>, out: &mut Vec<u8>) -> io::Result<()> {
        let (mailbox, door) =
            self.mailboxes.get(letter.mailbox).cloned().ok_or_else(|| odd(b"no such mailbox"))?;
        let body = Body::new(letter.body.to_vec()).map_err(io::Error::other)?;
        let envelope = Envelope {
            mailbox,
            id: EnvelopeId(letter.id),
            kind: EnvelopeKind::Session,
            expires: self.expires,
            body,
        };
        let deposit = Deposit { access: Access::Door(door), ephemeral: false, envelope };
        let now = self.now();
        let id = self.link.request(deposit.into(), now).map_err(io::Error::other)?;
        self.waiting.insert(id, slot);
        self.unasked(out);
        Ok(())
    }

    fn expect(&mut self, _slot: usize) {}

    fn answers(&mut self, mut input: &[u8], done: &mut Vec<usize>) -> io::Result<usize> {
        let taken = input.len();
        let now = self.now();
        while let Some(event) = self.link.handle_bytes(&mut input, now) {
            self.handle(&event, done)?;
        }
        Ok(taken)
    }

    fn unasked(&mut self, out: &mut Vec<u8>) {
        let now = self.now();
        while let Some(frame) = self.link.poll_output(now) {
            out.extend_from_slice(&frame);
        }
    }
}
