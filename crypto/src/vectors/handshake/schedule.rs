//! The key schedule of a handshake by the formulas of SPEC §4, from A's side.

use alloc::{vec, vec::Vec};

use msg_protocol::hash::{Label, hash};

use crate::{
    aead,
    agreement::AgreementSecret,
    kdf::hkdf,
    kem::{Kem as _, KemCiphertext, MlKem768},
    secret::Secret,
    vectors::{
        draws::Drawn,
        handshake::padded,
        json::{Json, object},
        party::{NOW, Party, Prekeys},
    },
};

/// Every value on the way from the draws to the session secret.
pub(crate) struct Schedule {
    ephemeral: AgreementSecret,
    ct: KemCiphertext,
    shared: Shared,
    first: Transcript,
    initiator: Vec<u8>,
    padded: Vec<u8>,
    sealed: Vec<u8>,
    second: Transcript,
    pub(crate) session_secret: Secret<96>,
}

/// What is secret between the two, by the names of SPEC.
struct Shared {
    dh1: Secret<32>,
    dh2: Secret<32>,
    dh3: Secret<32>,
    dh4: Option<Secret<32>>,
    ss: Secret<32>,
}

/// A hash and what went into it after the label.
struct Transcript {
    fields: Vec<Vec<u8>>,
    hash: [u8; 32],
}

impl Schedule {
    /// Computes the schedule from private halves and draws.
    pub(super) fn new(
        alice: &Party,
        bob: &Party,
        prekeys: &Prekeys,
        with_pair: bool,
        drawn: &Drawn,
    ) -> Self {
        let ephemeral = AgreementSecret::from_bytes(&drawn.secret("ek"));
        let signed = AgreementSecret::from_bytes(&prekeys.signed_half);
        let (kem, one_time) = prekeys.serving(with_pair);
        let (ct, ss) = MlKem768::encapsulate(kem.public(), &drawn.secret("m")).unwrap();
        let own = alice.device.agreement();
        let shared = Shared {
            dh1: own.agree(signed.public()).unwrap(),
            dh2: ephemeral.agree(bob.device.agreement().public()).unwrap(),
            dh3: ephemeral.agree(signed.public()).unwrap(),
            dh4: one_time.as_ref().map(|key| ephemeral.agree(key.public()).unwrap()),
            ss,
        };
        let [signed_id, kem_id] = prekeys.ids(with_pair).map(|id| id.to_be_bytes().to_vec());
        let one_time_id = if with_pair { kem_id.clone() } else { vec![] };
        let first = Transcript::new(
            Label::new("hs1"),
            vec![
                vec![1],
                bob.card.hash().0.into(),
                bob.device.id().0.into(),
                bob.device.agreement().public().0.into(),
                signed_id,
                signed.public().0.into(),
                one_time_id,
                one_time.map_or(vec![], |key| key.public().0.into()),
                kem_id,
                kem.public().as_bytes().to_vec(),
                ephemeral.public().0.into(),
                ct.as_bytes().to_vec(),
            ],
        );
        let initiator = initiator(alice);
        let padded = padded(&initiator, if initiator.len() < 512 { 512 } else { 2_048 });
        let mut sealed = padded.clone();
        aead::seal(shared.seal_key(&first.hash).expose(), &[0; 12], &first.hash, &mut sealed, 0);
        let second = Transcript::new(
            Label::new("hs2"),
            vec![
                first.hash.into(),
                sealed.clone(),
                alice.card.identity.0.into(),
                bob.card.identity.0.into(),
                own.public().0.into(),
                alice.device.id().0.into(),
                alice.card.hash().0.into(),
            ],
        );
        let session_secret = shared.session_secret(&second.hash);
        Self { ephemeral, ct, shared, first, initiator, padded, sealed, second, session_secret }
    }

    /// The transcript that names the session.
    pub(crate) fn th2(&self) -> [u8; 32] {
        self.second.hash
    }

    /// The handshake's name.
    pub(super) fn name(&self) -> [u8; 32] {
        hash(Label::new("hs-id"), &[self.ephemeral.public().as_bytes(), self.ct.as_bytes()])
    }

    /// The handshake block.
    pub(super) fn block(&self, bob: &Party, prekeys: &Prekeys, with_pair: bool) -> Vec<u8> {
        let [signed_id, kem_id] = prekeys.ids(with_pair).map(u32::to_be_bytes);
        [
            [1].as_slice(),
            &bob.card.version.to_be_bytes(),
            &signed_id,
            &[u8::from(with_pair)],
            &kem_id,
            self.ephemeral.public().as_bytes(),
            self.ct.as_bytes(),
            &u16::try_from(self.sealed.len()).unwrap().to_be_bytes(),
            &self.sealed,
        ]
        .concat()
    }

    /// Every value by its name in SPEC.
    pub(super) fn to_json(&self) -> Json {
        let Shared { dh1, dh2, dh3, dh4, ss } = &self.shared;
        object! {
            "EK": self.ephemeral.public().as_bytes(),
            "CT": self.ct.as_bytes(),
            "SS": ss,
            "DH1": dh1,
            "DH2": dh2,
            "DH3": dh3,
            "DH4": dh4.as_ref().map_or([].as_slice(), |secret| secret.expose()),
            "fields of th1": self.first.fields_json(),
            "th1": &self.first.hash,
            "seal": &self.shared.seal_key(&self.first.hash),
            "initiator": &self.initiator,
            "padded": &self.padded,
            "sealed": &self.sealed,
            "fields of th2": self.second.fields_json(),
            "th2": &self.second.hash,
        }
    }
}

impl Shared {
    fn after_dh1(&self) -> Vec<u8> {
        let dh4: &[u8] = self.dh4.as_ref().map_or(&[], |secret| secret.expose());
        [self.dh2.expose(), self.dh3.expose(), dh4, self.ss.expose()].concat()
    }

    fn seal_key(&self, th1: &[u8; 32]) -> Secret<32> {
        let info = Label::new("seal").followed_by(th1);
        hkdf(&[0; 32], &[&[0xff; 32], &self.after_dh1()], &[&info])
    }

    fn session_secret(&self, th2: &[u8; 32]) -> Secret<96> {
        let info = Label::new("sk").followed_by(th2);
        hkdf(&[0; 32], &[&[0xff; 32], self.dh1.expose(), &self.after_dh1()], &[&info])
    }
}

impl Transcript {
    fn new(label: Label, fields: Vec<Vec<u8>>) -> Self {
        let hash = hash(label, &fields.iter().map(Vec::as_slice).collect::<Vec<_>>());
        Self { fields, hash }
    }

    fn fields_json(&self) -> Vec<Json> {
        self.fields.iter().map(Json::from).collect()
    }
}

fn initiator(alice: &Party) -> Vec<u8> {
    let card = alice.card.as_signed();
    [
        NOW.0.to_be_bytes().as_slice(),
        alice.device.id().as_bytes(),
        &u16::try_from(card.raw().len()).unwrap().to_be_bytes(),
        card.raw(),
        &card.signature().0,
    ]
    .concat()
}
