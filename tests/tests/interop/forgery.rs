//! What a peer that holds the session's keys, but breaks a rule, gets from the
//! Rust code: a refusal, and a session that goes on as if nothing had come.
//!
//! Only the second implementation makes such messages.

use serde_json::{Value, json};

use crate::{
    pair::{DAY, NOW, open, pair, pass, seal, sending},
    peer::{Language, Peer, text},
};

/// Python in the first place, Rust in the second.
fn started(seed: u64) -> [Peer; 2] {
    let mut peers = pair([Language::Python, Language::Rust], seed);
    let [forger, victim] = &mut peers;
    forger.initiate(victim, true);
    peers
}

/// Forges by `changes`; gives the reason of the refusal.
fn refusal(peers: &mut [Peer; 2], changes: &Value) -> String {
    let [forger, victim] = peers;
    let envelope = forger.forge(&victim.address, changes);
    victim.open(&envelope).expect_err(&format!("accepted: {changes}"))
}

/// Points of order 1, 2, 4 and 8 of Curve25519 and its twist, and their long forms.
const LOW_ORDER: [&str; 7] = [
    "0000000000000000000000000000000000000000000000000000000000000000",
    "0100000000000000000000000000000000000000000000000000000000000000",
    "e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800",
    "5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157",
    "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
];

#[test]
fn a_ratchet_key_of_low_order_is_refused() {
    let mut peers = started(20);
    pass(&mut peers, 0, b"first chain");
    pass(&mut peers, 1, b"answer");
    for point in LOW_ORDER {
        assert!(refusal(&mut peers, &json!({"dh": point})).contains("low order"));
    }
    pass(&mut peers, 0, b"unharmed");
}

#[test]
fn an_encapsulation_key_that_is_not_reduced_is_refused() {
    let mut peers = started(21);
    pass(&mut peers, 0, b"first chain");
    pass(&mut peers, 1, b"answer");
    refusal(&mut peers, &json!({"ek": "ff".repeat(1_184)}));
    pass(&mut peers, 0, b"unharmed");
    pass(&mut peers, 1, b"both ways");
}

#[test]
fn a_jump_to_the_end_of_a_chain_is_refused() {
    let mut peers = started(22);
    pass(&mut peers, 0, b"first chain");
    pass(&mut peers, 1, b"answer");
    for changes in [json!({"n": u32::MAX}), json!({"pn": u32::MAX}), json!({"pn": 501, "n": 501})] {
        assert!(refusal(&mut peers, &changes).contains("missing"), "{changes}");
    }
    pass(&mut peers, 0, b"second chain");
    assert!(refusal(&mut peers, &json!({"n": u32::MAX})).contains("missing"));
    pass(&mut peers, 0, b"unharmed");
}

#[test]
fn a_chain_that_is_said_to_be_shorter_than_what_came_is_refused() {
    let mut peers = started(23);
    pass(&mut peers, 0, b"first chain");
    pass(&mut peers, 0, b"and its second message");
    pass(&mut peers, 1, b"answer");
    refusal(&mut peers, &json!({"pn": 1}));
    pass(&mut peers, 0, b"unharmed");
}

#[test]
fn a_step_out_of_turn_is_refused() {
    let mut peers = started(24);
    pass(&mut peers, 0, b"first chain");
    refusal(&mut peers, &json!({"step": true}));
    pass(&mut peers, 1, b"answer");
    pass(&mut peers, 0, b"second chain");
    refusal(&mut peers, &json!({"step": true}));
    pass(&mut peers, 0, b"unharmed");
}

#[test]
fn padding_without_its_mark_is_refused_and_spends_nothing() {
    let mut peers = started(25);
    pass(&mut peers, 0, b"first chain");
    pass(&mut peers, 1, b"answer");
    for padded in ["", "01", "8001"] {
        refusal(&mut peers, &json!({"padded": padded}));
    }
    let honest = seal(&mut peers, 0, b"under the same key");
    open(&mut peers, 1, &honest, b"under the same key");
}

#[test]
fn nobody_can_use_up_the_generations_of_a_pair() {
    for generation in [NOW + 62 * DAY + 1, 1 << 63, u64::MAX] {
        let mut peers = started(26);
        pass(&mut peers, 0, b"first session");
        let before = sending(&mut peers);
        begin(&mut peers, generation, b"opens, and outranks for now");
        let [posed, at_the_victim] = sending(&mut peers);
        assert!(posed == at_the_victim && posed != before[0]);
        begin(&mut peers, NOW, b"an honest one does not help yet");
        assert_eq!(sending(&mut peers)[1], posed);

        for peer in &mut peers {
            peer.set_now(NOW + 1);
        }
        let [forger, victim] = &mut peers;
        let anew = victim.initiate(forger, true);
        pass(&mut peers, 1, b"the victim begins anew");
        assert_eq!(sending(&mut peers), [anew.clone(), anew]);
    }
}

/// Python begins a session with a generation of its choice, and writes in it.
fn begin(peers: &mut [Peer; 2], generation: u64, content: &[u8]) {
    let [forger, victim] = &mut *peers;
    let bundle = victim.bundle(true);
    let answer = forger.must(&json!({
        "op": "initiate", "card": victim.card, "bundle": bundle, "generation": generation,
    }));
    let first = forger.seal_in(&text(&answer["session"]), content);
    open(peers, 1, &first, content);
}
