//! What must not compile: one kind of secret in the place of another. Each program
//! stands beside one that differs in nothing but the kind, and compiles.
//!
//! An identity signs cards and nothing else, a device prekeys and nothing else:
//!
//! ```
//! use msg_crypto::identity::{DeviceSecret, IdentitySecret};
//! use msg_protocol::{card::Card, prekey::SignedPrekey};
//!
//! fn sign(identity: &IdentitySecret, device: &DeviceSecret, card: &Card, prekey: &SignedPrekey) {
//!     identity.sign(card);
//!     device.sign(prekey);
//! }
//! ```
//!
//! ```compile_fail
//! use msg_crypto::identity::IdentitySecret;
//! use msg_protocol::prekey::SignedPrekey;
//!
//! fn sign(identity: &IdentitySecret, prekey: &SignedPrekey) {
//!     identity.sign(prekey);
//! }
//! ```
//!
//! ```compile_fail
//! use msg_crypto::identity::DeviceSecret;
//! use msg_protocol::card::Card;
//!
//! fn sign(device: &DeviceSecret, card: &Card) {
//!     device.sign(card);
//! }
//! ```
//!
//! What signs a device in at a relay makes no key:
//!
//! ```
//! use msg_crypto::{identity::IdentitySecret, secret::Secret};
//!
//! fn identity(seed: &Secret<32>) -> IdentitySecret {
//!     IdentitySecret::from_seed(seed)
//! }
//! ```
//!
//! ```compile_fail
//! use msg_crypto::identity::IdentitySecret;
//! use msg_protocol::secret::DeviceCredential;
//!
//! fn identity(credential: &DeviceCredential) -> IdentitySecret {
//!     IdentitySecret::from_seed(credential)
//! }
//! ```
//!
//! A card whose signature was not checked begins no session; no more does a bundle:
//!
//! ```
//! use msg_crypto::{handshake::initiator::Initiator, initiate};
//! use msg_protocol::{card::Card, prekey::VerifiedBundle, signed::Verified};
//!
//! fn begin(own: Initiator<'_>, card: &Verified<Card>, bundle: &VerifiedBundle) {
//!     let _ = initiate(own, card, bundle, 1, &mut msg_tests::seed::rng(1));
//! }
//! ```
//!
//! ```compile_fail
//! use msg_crypto::{handshake::initiator::Initiator, initiate};
//! use msg_protocol::{card::Card, prekey::VerifiedBundle};
//!
//! fn begin(own: Initiator<'_>, card: &Card, bundle: &VerifiedBundle) {
//!     let _ = initiate(own, card, bundle, 1, &mut msg_tests::seed::rng(1));
//! }
//! ```
//!
//! ```compile_fail
//! use msg_crypto::{handshake::initiator::Initiator, initiate};
//! use msg_protocol::{card::Card, prekey::PrekeyBundle, signed::Verified};
//!
//! fn begin(own: Initiator<'_>, card: &Verified<Card>, bundle: &PrekeyBundle) {
//!     let _ = initiate(own, card, bundle, 1, &mut msg_tests::seed::rng(1));
//! }
//! ```
