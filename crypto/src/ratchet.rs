//! The Double Ratchet with encrypted headers and an ML-KEM secret in every step.
//!
//! ```text
//!            seal                       open, new chain
//!   Due ───────────────▶ Chain ───────────────────────────▶ Due
//!        (sending step)    │  ▲        (receiving step: our private
//!                          └──┘         ratchet keys are destroyed)
//!                          seal
//! ```
//!
//! Nothing is assigned before the body's tag has checked, so that a message
//! which does not open leaves no trace. SPEC §5.

mod chain;
mod error;
mod header;
mod message_key;
mod receiving;
mod root;
mod sending;
mod stored;
mod wire;

use alloc::{boxed::Box, collections::VecDeque, vec::Vec};

use msg_protocol::{
    envelope::EnvelopeKind,
    key::{AgreementKey, KemKey},
    time::UnixSeconds,
};
use rand_core::CryptoRng;

pub use error::{OpenError, SealError};
pub(crate) use header::{HeaderKey, sealed_header_bytes};
pub(crate) use root::RootKey;
pub(crate) use wire::Wire;

use crate::{
    agreement::AgreementSecret,
    kem::{self, KemSecret},
    limits::{MAX_JUMP, MAX_RECEIVING_CHAINS, MAX_SKIPPED_KEPT},
    secret::Secret,
};
use header::Header;
use receiving::ReceivingChain;
use root::{StepKeys, Stepped};
use sending::{Sending, SendingChain};

/// One side's state of a session's ratchet.
pub(crate) struct Ratchet {
    root: RootKey,
    sending: Sending,
    next_sending: HeaderKey,
    next_receiving: HeaderKey,
    peer_dh: AgreementKey,
    peer_kem: Option<KemKey>,
    /// Newest first.
    receiving: VecDeque<ReceivingChain>,
}

/// The three secrets that a handshake yields.
pub(crate) struct InitialKeys {
    pub(crate) root: RootKey,
    pub(crate) header_a: HeaderKey,
    pub(crate) header_b: HeaderKey,
}

impl Ratchet {
    /// The initiator's state: the recipient's signed prekey is its first ratchet key.
    pub(crate) fn initiate(keys: InitialKeys, signed_prekey: AgreementKey) -> Self {
        Self {
            root: keys.root,
            sending: Sending::Due { previous: 0 },
            next_sending: keys.header_a,
            next_receiving: keys.header_b,
            peer_dh: signed_prekey,
            peer_kem: None,
            receiving: VecDeque::new(),
        }
    }

    /// The responder's state, made by the first message that opens.
    pub(crate) fn respond(
        keys: InitialKeys,
        signed_prekey: &AgreementSecret,
        wire: &Wire<'_>,
        th2: &[u8; 32],
        now: UnixSeconds,
    ) -> Result<(Self, Vec<u8>), OpenError> {
        let header = wire.header(&keys.header_a).ok_or(OpenError::NotForThisSession)?;
        if header.ct.is_some() || header.pn != 0 {
            return Err(OpenError::Malformed);
        }
        check_jump(header.n, 0)?;
        let stepped = receiving_step(&keys.root, signed_prekey, None, &header)?;
        let mut chain = ReceivingChain::new(stepped.chain, keys.header_a, wire.kind());
        let reach = chain.reach(header.n)?;
        let content = wire.open(&reach.message_key, th2)?;
        chain.commit(reach, now);
        let ratchet = Self {
            root: stepped.root,
            sending: Sending::Due { previous: 0 },
            next_sending: keys.header_b,
            next_receiving: stepped.next_header,
            peer_dh: header.dh,
            peer_kem: Some(header.ek),
            receiving: VecDeque::from([chain]),
        };
        Ok((ratchet, content))
    }

    /// The kind of envelope that the next message travels in.
    pub(crate) fn next_kind(&self) -> EnvelopeKind {
        match &self.sending {
            Sending::Chain(chain) => chain.kind(),
            Sending::Due { .. } if self.peer_kem.is_some() => EnvelopeKind::Session,
            Sending::Due { .. } => EnvelopeKind::Handshake,
        }
    }

    /// Appends a wire to `body`, which holds the handshake block if there is
    /// one, so that it grows to `size` bytes.
    pub(crate) fn seal<R: CryptoRng + ?Sized>(
        &mut self,
        body: &mut Vec<u8>,
        size: usize,
        th2: &[u8; 32],
        content: &[u8],
        rng: &mut R,
    ) -> Result<(), SealError> {
        if let Sending::Due { previous } = self.sending {
            self.sending_step(previous, rng)?;
        }
        let Sending::Chain(chain) = &mut self.sending else {
            return Err(SealError::Exhausted);
        };
        let header = chain.header();
        let key = chain.take_key().ok_or(SealError::Exhausted)?;
        wire::seal(body, size, &chain.header_key, &header, key, th2, content, rng);
        Ok(())
    }

    /// Opens a wire. On error the state is as it was.
    pub(crate) fn open(
        &mut self,
        wire: &Wire<'_>,
        th2: &[u8; 32],
        now: UnixSeconds,
    ) -> Result<Vec<u8>, OpenError> {
        let content = match self.locate(wire).ok_or(OpenError::NotForThisSession)? {
            (Place::Known(index), header) => self.open_known(index, &header, wire, th2, now)?,
            (Place::Next, header) => self.open_next(header, wire, th2, now)?,
        };
        self.expire(now);
        Ok(content)
    }

    /// Forgets skipped keys that have waited too long.
    pub(crate) fn expire(&mut self, now: UnixSeconds) {
        for chain in &mut self.receiving {
            chain.purge(now);
        }
    }

    fn locate(&self, wire: &Wire<'_>) -> Option<(Place, Header)> {
        let known = self.receiving.iter().enumerate().find_map(|(index, chain)| {
            (chain.kind == wire.kind())
                .then(|| wire.header(&chain.header_key))
                .flatten()
                .map(|header| (Place::Known(index), header))
        });
        known.or_else(|| wire.header(&self.next_receiving).map(|header| (Place::Next, header)))
    }

    fn open_known(
        &mut self,
        index: usize,
        header: &Header,
        wire: &Wire<'_>,
        th2: &[u8; 32],
        now: UnixSeconds,
    ) -> Result<Vec<u8>, OpenError> {
        let kept = self.waiting_keys(now);
        let chain = self.receiving.get_mut(index).ok_or(OpenError::NotForThisSession)?;
        if chain.is_behind(header.n) {
            let content = wire.open(chain.waiting_key(header.n, now)?, th2)?;
            chain.spend(header.n);
            return Ok(content);
        }
        if chain.is_closed() {
            return Err(OpenError::ChainEnded);
        }
        check_jump(chain.jump_to(header.n)?, kept)?;
        let reach = chain.reach(header.n)?;
        let content = wire.open(&reach.message_key, th2)?;
        chain.commit(reach, now);
        Ok(content)
    }

    fn open_next(
        &mut self,
        header: Header,
        wire: &Wire<'_>,
        th2: &[u8; 32],
        now: UnixSeconds,
    ) -> Result<Vec<u8>, OpenError> {
        let Sending::Chain(own) = &self.sending else {
            return Err(OpenError::Malformed);
        };
        if header.ct.is_none() {
            return Err(OpenError::Malformed);
        }
        let behind = self.receiving.front().map_or(Ok(header.pn), |chain| {
            chain.jump_to(header.pn).map_err(|_| OpenError::Malformed)
        })?;
        if self.receiving.is_empty() && header.pn != 0 {
            return Err(OpenError::Malformed);
        }
        check_jump(behind.saturating_add(header.n), self.waiting_keys(now))?;

        let stepped = receiving_step(&self.root, &own.dh, Some(&own.kem), &header)?;
        let closing = self.receiving.front().map(|chain| chain.reach_end(header.pn)).transpose()?;
        let mut chain =
            ReceivingChain::new(stepped.chain, self.next_receiving.duplicate(), wire.kind());
        let reach = chain.reach(header.n)?;
        let content = wire.open(&reach.message_key, th2)?;

        chain.commit(reach, now);
        if let (Some(last), Some(closing)) = (self.receiving.front_mut(), closing) {
            last.close(closing, now);
        }
        self.receiving.push_front(chain);
        self.receiving.truncate(MAX_RECEIVING_CHAINS);
        self.root = stepped.root;
        self.next_receiving = stepped.next_header;
        self.peer_dh = header.dh;
        self.peer_kem = Some(header.ek);
        self.sending = Sending::Due { previous: self.sending.count() };
        Ok(content)
    }

    fn sending_step<R: CryptoRng + ?Sized>(
        &mut self,
        previous: u32,
        rng: &mut R,
    ) -> Result<(), SealError> {
        let dh = AgreementSecret::generate(rng);
        let kem = KemSecret::generate(rng);
        let shared = dh.agree(&self.peer_dh)?;
        let (ct, kem_shared) = match &self.peer_kem {
            Some(key) => {
                let (ct, shared) = kem::encapsulate(key, rng)?;
                (Some(ct), Some(shared))
            }
            None => (None, None),
        };
        let keys = StepKeys {
            dh_new: dh.public(),
            dh_peer: &self.peer_dh,
            ek_new: kem.public(),
            ct: ct.as_ref(),
        };
        let Stepped { root, chain, next_header } =
            self.root.step(&shared, kem_shared.as_ref(), &keys);
        let header_key = core::mem::replace(&mut self.next_sending, next_header);
        self.root = root;
        self.sending = Sending::Chain(Box::new(SendingChain {
            dh,
            kem,
            ct,
            key: chain,
            header_key,
            n: 0,
            pn: previous,
        }));
        Ok(())
    }

    fn waiting_keys(&self, now: UnixSeconds) -> usize {
        self.receiving.iter().map(|chain| chain.waiting_count(now)).sum()
    }
}

enum Place {
    /// A chain we have messages of.
    Known(usize),
    /// The first message of the peer's next chain.
    Next,
}

fn receiving_step(
    root: &RootKey,
    own_dh: &AgreementSecret,
    own_kem: Option<&KemSecret>,
    header: &Header,
) -> Result<Stepped, OpenError> {
    let dh = own_dh.agree(&header.dh)?;
    kem::check(&header.ek)?;
    let shared: Option<Secret<32>> =
        own_kem.zip(header.ct.as_ref()).map(|(own, ct)| own.decapsulate(ct));
    let keys = StepKeys {
        dh_new: &header.dh,
        dh_peer: own_dh.public(),
        ek_new: &header.ek,
        ct: header.ct.as_ref(),
    };
    Ok(root.step(&dh, shared.as_ref(), &keys))
}

fn check_jump(jump: u32, kept: usize) -> Result<(), OpenError> {
    if jump > MAX_JUMP {
        return Err(OpenError::TooFarAhead { skipped: jump });
    }
    let total = usize::try_from(jump).unwrap_or(usize::MAX).saturating_add(kept);
    if total > MAX_SKIPPED_KEPT {
        return Err(OpenError::TooManySkipped { kept });
    }
    Ok(())
}
