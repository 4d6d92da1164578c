//! The ML-KEM crate in use against libcrux's.
#![expect(clippy::unwrap_used, reason = "a measurement of something broken must stop")]

use libcrux_ml_kem::mlkem768;
use msg_crypto::{
    kem::{Kem as _, MlKem768},
    secret::Secret,
};

use crate::turns::{Figure, compare};

/// Key generation, encapsulation and decapsulation.
pub(crate) fn figures() -> [(&'static str, Figure); 3] {
    let seed = Secret::new([7; 64]);
    let (private, public) = MlKem768::generate(&seed);
    let randomness = Secret::new([9; 32]);
    let (ciphertext, shared) = MlKem768::encapsulate(&public, &randomness).unwrap();

    let theirs = mlkem768::generate_key_pair([7; 64]);
    let (their_ciphertext, their_shared) = mlkem768::encapsulate(theirs.public_key(), [9; 32]);
    assert_eq!(public.as_bytes(), theirs.public_key().as_slice());
    assert_eq!(ciphertext.as_bytes(), their_ciphertext.as_slice());
    assert_eq!(shared.expose(), &their_shared);

    let generate = compare(
        || drop(MlKem768::generate(&seed)),
        || {
            mlkem768::generate_key_pair([7; 64]);
        },
    );
    let encapsulate = compare(
        || drop(MlKem768::encapsulate(&public, &randomness).unwrap()),
        || {
            assert!(mlkem768::validate_public_key(theirs.public_key()));
            mlkem768::encapsulate(theirs.public_key(), [9; 32]);
        },
    );
    let decapsulate = compare(
        || drop(MlKem768::decapsulate(&private, &ciphertext)),
        || {
            mlkem768::decapsulate(theirs.private_key(), &their_ciphertext);
        },
    );
    [("generate", generate), ("check + encapsulate", encapsulate), ("decapsulate", decapsulate)]
}
