//! The two accounts of a handshake, from their stated keys.

use msg_crypto::{
    AcceptError, Accepted, CardHistory, Session, accept,
    agreement::AgreementSecret,
    handshake::initiator::{InitiateError, Initiator},
    identity::{DeviceSecret, IdentitySecret},
    initiate,
    kem::KemSecret,
    prekey::OwnPrekeys,
};
use msg_protocol::{
    card::Card,
    codec,
    envelope::Body,
    prekey::PrekeyBundle,
    signed::Verified,
    time::{UnixDay, UnixSeconds},
};

use crate::{
    card::{signed, u32_of},
    case::Fields,
    draws::Draws,
};

/// An account with one device of its own, and its prekeys if they are stated.
pub(crate) struct Party {
    pub(crate) device: DeviceSecret,
    pub(crate) card: Verified<Card>,
    prekeys: OwnPrekeys,
}

impl Party {
    fn new(fields: Fields<'_>) -> Self {
        let identity = IdentitySecret::from_seed(&fields.secret("identity"));
        let device =
            DeviceSecret::from_seeds(&fields.secret("signing"), &fields.secret("agreement"));
        fields.expect("device", device.id().as_bytes());
        let card = signed(fields.object("card")).verify(&identity.public()).unwrap();
        Self { device, card, prekeys: OwnPrekeys::default() }
    }

    /// The recipient, whose prekeys must be those that the bundle shows.
    fn with_prekeys(fields: Fields<'_>, bundle: &PrekeyBundle) -> Self {
        let mut party = Self::new(fields);
        let stated = fields.object("prekeys");
        let made = UnixSeconds(stated.number("made"));
        let (signed, last_resort, one_time) =
            (stated.object("signed"), stated.object("last_resort"), stated.object("one_time"));
        let key = AgreementSecret::from_bytes(&signed.secret("private"));
        let signed_prekey = party.prekeys.add_signed(&party.device, key, made);
        let key = KemSecret::from_seed(last_resort.secret("seed"));
        let last_resort_prekey = party.prekeys.add_last_resort(&party.device, key, made);
        let halves = (one_time.secret("agreement"), one_time.secret("kem"));
        let pair = party.prekeys.add_one_time(&party.device, halves.0, halves.1);
        let ids = [
            signed_prekey.peek_unverified().unwrap().id.0,
            last_resort_prekey.peek_unverified().unwrap().id.0,
            pair.peek_unverified().unwrap().id.0,
        ];
        assert_eq!(ids, [signed, last_resort, one_time].map(|prekey| u32_of(prekey, "id")));
        let same = (&signed_prekey, &last_resort_prekey) == (&bundle.signed, &bundle.last_resort)
            && bundle.one_time.as_ref().is_none_or(|shown| *shown == pair);
        assert!(same, "the bundle holds the public halves of the stated prekeys");
        party
    }

    /// Accepts a first flight.
    pub(crate) fn accept(&mut self, body: &Body, at: UnixSeconds) -> Result<Accepted, AcceptError> {
        accept(body, &self.device, &CardHistory::new(&self.card), &mut self.prekeys, at)
    }
}

/// A begins, as the inputs of a handshake say.
pub(crate) fn begin(inputs: Fields<'_>) -> Result<Session, InitiateError> {
    let alice = Party::new(inputs.object("A"));
    let bob = Party::new(inputs.object("B"));
    let today = UnixDay(u32_of(inputs, "today"));
    let device = bob.card.device(bob.device.id()).unwrap();
    let bundle = bundle(inputs).verify(device, today).unwrap();
    let initiator = Initiator { device: &alice.device, card: &alice.card };
    let generation = inputs.number("generation");
    Draws::run(inputs.object("draws"), |draws| {
        initiate(initiator, &bob.card, &bundle, generation, draws)
    })
}

/// Both sides as the inputs of a handshake state them: A's session, and B.
pub(crate) fn sides(inputs: Fields<'_>) -> (Session, Party) {
    let bob = Party::with_prekeys(inputs.object("B"), &bundle(inputs));
    (begin(inputs).unwrap(), bob)
}

fn bundle(inputs: Fields<'_>) -> PrekeyBundle {
    let raw = inputs.bytes("bundle");
    codec::decode(&raw, raw.len()).unwrap()
}
