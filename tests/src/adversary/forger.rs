//! First flights made by hand: whoever holds a card and prekeys can choose every
//! value of them. `crypto/SPEC.md` §4.

use msg_protocol::{
    card::Card,
    id::DeviceId,
    key::AgreementKey,
    prekey::{BundleKem, VerifiedBundle},
    signed::Verified,
};
use rand_chacha::ChaCha20Rng;
use rand_core::Rng as _;

use super::{
    Rogue, State,
    notation::{Bytes32, dh, dh_public, encapsulate, hash, hkdf, label, pad, seal, thirds},
};

/// Who the initiator says he is.
pub struct Claim<'a> {
    /// The place among the sessions of the pair.
    pub generation: u64,
    /// The card he shows.
    pub card: &'a Verified<Card>,
    /// The device that he says he is.
    pub device: DeviceId,
    /// What he says `DH1` is: he may not know it.
    pub dh1: Bytes32,
    /// An ephemeral key of low order in place of a fresh one.
    pub ek: Option<Bytes32>,
}

/// Makes first flights to one device.
pub struct Forger<'a> {
    /// The card of the recipient.
    pub card: &'a Verified<Card>,
    /// The prekeys that it uses.
    pub bundle: &'a VerifiedBundle,
}

/// The secrets of a handshake but `DH1`, in their order.
pub struct Secrets(pub Vec<Bytes32>);

impl Secrets {
    /// The key of the sealed part.
    pub fn seal_key(&self, th1: &Bytes32) -> Bytes32 {
        self.derive("seal", &[], th1)
    }

    fn derive<const N: usize>(&self, name: &str, dh1: &[u8], transcript: &Bytes32) -> [u8; N] {
        let ikm = [[0xff; 32].as_slice(), dh1, &self.0.concat()].concat();
        hkdf(&[0; 32], &ikm, &[label(name).as_slice(), transcript].concat())
    }
}

/// A handshake up to what the initiator says of himself.
struct Begun {
    ek: Bytes32,
    ct: [u8; 1_088],
    th1: Bytes32,
    secrets: Secrets,
    sealed: Vec<u8>,
}

impl Forger<'_> {
    /// A flight with that claim, ready to seal its first message.
    pub fn flight(&self, claim: &Claim<'_>, rng: &mut ChaCha20Rng) -> Rogue {
        let begun = self.begin(claim.ek, &part(claim), rng);
        let Begun { ek, ct, th1, secrets, sealed } = begun;
        let signed = self.bundle.signed();
        let agreement = claim.card.device(claim.device).unwrap().agreement;
        let th2 = hash(
            "hs2",
            &[
                &th1,
                &sealed,
                &claim.card.identity.0,
                &self.card.identity.0,
                &agreement.0,
                &claim.device.0,
                &claim.card.hash().0,
            ],
        );
        let [root, next_sending, next_receiving] = thirds(&secrets.derive("sk", &claim.dh1, &th2));
        Rogue {
            state: State {
                th2,
                block: self.block(&ek, &ct, &sealed),
                root,
                sending: None,
                previous: 0,
                next_sending,
                next_receiving,
                peer_dh: signed.key.0,
                peer_ek: None,
                receiving: Vec::new(),
            },
        }
    }

    /// The block of a flight in which the initiator says `part` of himself: 512 or
    /// 2,048 bytes of anything.
    pub fn block_with(&self, part: &[u8], rng: &mut ChaCha20Rng) -> Vec<u8> {
        let Begun { ek, ct, sealed, .. } = self.begin(None, part, rng);
        self.block(&ek, &ct, &sealed)
    }

    /// The first half of a handshake; with an `ek` of low order if one is given.
    fn begin(&self, ek: Option<Bytes32>, part: &[u8], rng: &mut ChaCha20Rng) -> Begun {
        let (mut ephemeral, mut randomness) = ([0; 32], [0; 32]);
        rng.fill_bytes(&mut ephemeral);
        rng.fill_bytes(&mut randomness);
        let recipient = self.card.device(self.bundle.device()).unwrap();
        let (ct, shared) = encapsulate(self.kem(), &randomness);
        let secrets = [Some(recipient.agreement), Some(self.bundle.signed().key), self.one_time()]
            .into_iter()
            .flatten()
            .map(|key| if ek.is_some() { [0; 32] } else { dh(&ephemeral, &key.0) })
            .chain([shared]);
        let secrets = Secrets(secrets.collect());
        let ek = ek.unwrap_or_else(|| dh_public(&ephemeral));
        let th1 = self.first_transcript(&ek, &ct);
        let sealed = seal(&secrets.seal_key(&th1), &[0; 12], &th1, part);
        Begun { ek, ct, th1, secrets, sealed }
    }

    /// `th1`.
    pub fn first_transcript(&self, ek: &Bytes32, ct: &[u8; 1_088]) -> Bytes32 {
        let recipient = self.card.device(self.bundle.device()).unwrap();
        let signed = self.bundle.signed();
        let (_, kem_id) = self.kem_choice();
        let one_time = self.one_time();
        hash(
            "hs1",
            &[
                &[1],
                &self.card.hash().0,
                &self.bundle.device().0,
                &recipient.agreement.0,
                &signed.id.0.to_be_bytes(),
                &signed.key.0,
                if one_time.is_some() { &kem_id } else { &[] },
                one_time.as_ref().map_or(&[], |key| key.as_bytes()),
                &kem_id,
                self.kem(),
                ek,
                ct,
            ],
        )
    }

    fn block(&self, ek: &Bytes32, ct: &[u8; 1_088], sealed: &[u8]) -> Vec<u8> {
        let (kind, kem_id) = self.kem_choice();
        let length = u16::try_from(sealed.len()).unwrap();
        let fields: [&[u8]; 9] = [
            &[1],
            &self.card.version.to_be_bytes(),
            &self.bundle.signed().id.0.to_be_bytes(),
            &[kind],
            &kem_id,
            ek,
            ct,
            &length.to_be_bytes(),
            sealed,
        ];
        fields.concat()
    }

    fn kem_choice(&self) -> (u8, [u8; 4]) {
        match self.bundle.kem() {
            BundleKem::LastResort(key) => (0, key.id.0.to_be_bytes()),
            BundleKem::OneTime(pair) => (1, pair.id.0.to_be_bytes()),
        }
    }

    fn kem(&self) -> &[u8; 1_184] {
        match self.bundle.kem() {
            BundleKem::LastResort(key) => key.key.as_bytes(),
            BundleKem::OneTime(pair) => pair.kem.as_bytes(),
        }
    }

    fn one_time(&self) -> Option<AgreementKey> {
        match self.bundle.kem() {
            BundleKem::LastResort(_) => None,
            BundleKem::OneTime(pair) => Some(pair.agreement),
        }
    }
}

/// `initiator`, padded.
pub fn part(claim: &Claim<'_>) -> Vec<u8> {
    let raw = claim.card.as_signed().raw();
    let length = u16::try_from(raw.len()).unwrap();
    let fields: [&[u8]; 5] = [
        &claim.generation.to_be_bytes(),
        &claim.device.0,
        &length.to_be_bytes(),
        raw,
        &claim.card.as_signed().signature().0,
    ];
    pad(&fields.concat(), 512)
}
