//! The published attacks that a protocol and its cryptography can show, each with
//! tests of its name. What a store, a relay or a program for people must show in
//! addition is tested where those are.
//!
//! A forged message here is whole but for the one thing that must be refused:
//! without the check that a test is about, it would be taken.
//!
//! | test | attack | who was hit |
//! |---|---|---|
//! | `attack_01` | agreement with keys of low order | vodozemac before 0.10 |
//! | `attack_02` | weak or malleable Ed25519 | vodozemac; ed25519-dalek, RUSTSEC-2022-0093 |
//! | `attack_03` | downgrade of suite or version | vodozemac's truncated MAC |
//! | `attack_04` | confusion of KEM public keys with others | PQXDH revision 1 |
//! | `attack_05` | re-encapsulation under another KEM key | PQXDH with a plain IND-CCA KEM |
//! | `attack_06` | replay of the first flight | X3DH; PQXDH §4.2 |
//! | `attack_07` | draining of one-time prekeys | WhatsApp, arXiv 2504.07323 |
//! | `attack_08` | unknown key-share | TextSecure, 2014 |
//! | `attack_09` | one key for login and for messages | Threema, 2023 |
//! | `attack_10` | unauthenticated order and place | Threema, Wire |
//! | `attack_11` | compression oracle | Threema, Bridgefy |
//! | `attack_12` | concurrent use of one session | Bridgefy |
//! | `attack_13` | state changed before authentication | snow, RUSTSEC-2024-0011 |
//! | `attack_15` | claimed sender is not the session's owner | matrix-sdk, CVE-2025-48937 |
//! | `attack_16` | rotation of identity unseen | matrix-sdk-crypto, RUSTSEC-2022-0085 |
//! | `attack_18` | healing lost by re-activation of a session | Sesame, 2023 |
//! | `attack_20` | sealing of the sender without forward secrecy | Signal's sealed sender |
//! | `attack_23` | exhaustion by skips and parameters | any ratchet |
//! | `attack_24` | missing checks of ML-KEM's inputs | ml-kem 0.2 |
//! | `attack_27` | encodings under a signature that are not the only one | postcard |

#![cfg(test)]

mod agreement;
mod cards;
mod first_flight;
mod impostor;
mod limits;
mod network;
mod prekeys;
mod scene;
mod separation;
mod shape;
mod signatures;
mod state;
