//! Conversations, each about one rule of the specification.

use crate::{
    pair::{DAY, NOW, open, pair, pass, seal, sending},
    peer::{BOTH_WAYS, Envelope},
};

#[test]
fn a_first_message_opens_on_a_one_time_pair_and_on_the_last_resort_key() {
    for languages in BOTH_WAYS {
        for one_time in [true, false] {
            let [mut alice, mut bob] = pair(languages, 1);
            let session = alice.initiate(&mut bob, one_time);
            let mut peers = [alice, bob];
            let first = seal(&mut peers, 0, b"hello");
            assert_eq!((first.kind.as_str(), first.body.len()), ("handshake", 4096));
            open(&mut peers, 1, &first, b"hello");
            assert_eq!(sending(&mut peers), [session.clone(), session]);
            let second = pass(&mut peers, 0, b"still nobody there?");
            assert_eq!(second.kind, "handshake");
            let answer = pass(&mut peers, 1, b"there is");
            assert_eq!(answer.kind, "session");
            assert_eq!(pass(&mut peers, 0, b"good").kind, "session");
            peers[1].open(&first).expect_err("a replayed first envelope is refused");
            pass(&mut peers, 1, b"bye");
        }
    }
}

#[test]
fn a_changed_card_and_rotated_prekeys_open_old_and_new_handshakes() {
    for languages in BOTH_WAYS {
        let mut peers = pair(languages, 2);
        let [alice, bob] = &mut peers;
        alice.initiate(bob, false);
        let old = seal(&mut peers, 0, b"to the first card");
        peers[1].change_card();
        peers[1].rotate();
        open(&mut peers, 1, &old, b"to the first card");
        let [alice, bob] = &mut peers;
        let newer = alice.initiate(bob, true);
        let envelope = seal(&mut peers, 0, b"to the second");
        open(&mut peers, 1, &envelope, b"to the second");
        assert_eq!(sending(&mut peers), [newer.clone(), newer]);
    }
}

#[test]
fn both_choose_the_same_session_when_both_begin_at_once() {
    for languages in BOTH_WAYS {
        for seed in 0..4 {
            let mut peers = pair(languages, seed);
            let [alice, bob] = &mut peers;
            let (by_alice, by_bob) =
                (alice.initiate(bob, true), bob.initiate(alice, seed % 2 == 0));
            let (from_alice, from_bob) = (seal(&mut peers, 0, b"a"), seal(&mut peers, 1, b"b"));
            open(&mut peers, 1, &from_alice, b"a");
            open(&mut peers, 0, &from_bob, b"b");
            let [at_alice, at_bob] = sending(&mut peers);
            assert_eq!(at_alice, at_bob);
            assert!([by_alice, by_bob].contains(&at_bob));
            for turn in 0..4 {
                pass(&mut peers, turn % 2, b"in that one");
            }
        }
    }
}

#[test]
fn a_later_generation_wins_and_the_losing_session_receives_for_seven_days() {
    for languages in BOTH_WAYS {
        let mut peers = pair(languages, 3);
        let [alice, bob] = &mut peers;
        alice.initiate(bob, true);
        pass(&mut peers, 0, b"old session");
        pass(&mut peers, 1, b"yes");
        let (late, too_late) = (seal(&mut peers, 0, b"late"), seal(&mut peers, 0, b"too late"));
        let [alice, bob] = &mut peers;
        let newer = bob.initiate(alice, false);
        pass(&mut peers, 1, b"new session");
        let envelope = seal(&mut peers, 0, b"agreed");
        open(&mut peers, 1, &envelope, b"agreed");
        assert_eq!(sending(&mut peers), [newer.clone(), newer]);
        for peer in &mut peers {
            peer.set_now(NOW + 7 * DAY);
        }
        open(&mut peers, 1, &late, b"late");
        for peer in &mut peers {
            peer.set_now(NOW + 7 * DAY + 1);
        }
        peers[1].open(&too_late).expect_err("the old session is gone");
        pass(&mut peers, 0, b"still here");
    }
}

#[test]
fn eight_former_sessions_still_receive_and_the_ninth_is_gone() {
    for languages in BOTH_WAYS {
        let mut peers = pair(languages, 9);
        let mut waiting = Vec::new();
        for session in 0..10_u8 {
            let [alice, bob] = &mut peers;
            alice.initiate(bob, session % 2 == 0);
            waiting.push(seal(&mut peers, 0, &[session]));
            pass(&mut peers, 0, b"a session begins");
        }
        peers[1].open(&waiting[0]).expect_err("the first session is gone");
        for session in 1..10_u8 {
            open(&mut peers, 1, &waiting[usize::from(session)], &[session]);
        }
    }
}

#[test]
fn a_first_envelope_does_not_open_again_when_its_session_is_gone() {
    for languages in BOTH_WAYS {
        for one_time in [true, false] {
            let mut peers = pair(languages, 8);
            let [alice, bob] = &mut peers;
            alice.initiate(bob, one_time);
            let first = pass(&mut peers, 0, b"once");
            let [alice, bob] = &mut peers;
            alice.initiate(bob, true);
            pass(&mut peers, 0, b"a later session");
            for peer in &mut peers {
                peer.set_now(NOW + 29 * DAY);
            }
            peers[1].open(&first).expect_err("the handshake has been used");
            pass(&mut peers, 1, b"unharmed");
        }
    }
}

#[test]
fn a_thousand_messages_may_be_skipped_and_no_more() {
    for languages in BOTH_WAYS {
        let mut peers = pair(languages, 4);
        let [alice, bob] = &mut peers;
        alice.initiate(bob, true);
        pass(&mut peers, 0, b"0");
        pass(&mut peers, 1, b"1");
        let mut sent: Vec<Envelope> =
            (0..1_002).map(|n: u32| seal(&mut peers, 0, &n.to_be_bytes())).collect();
        let last = sent.pop().unwrap();
        peers[1].open(&last).expect_err("1,001 keys would be skipped");
        let thousandth = sent.pop().unwrap();
        open(&mut peers, 1, &thousandth, &1_000_u32.to_be_bytes());
        open(&mut peers, 1, &last, &1_001_u32.to_be_bytes());
        for n in [0_u32, 999, 500] {
            let envelope = &sent[usize::try_from(n).unwrap()];
            open(&mut peers, 1, envelope, &n.to_be_bytes());
            peers[1].open(envelope).expect_err("opened before");
        }
        for peer in &mut peers {
            peer.set_now(NOW + 35 * DAY);
        }
        open(&mut peers, 1, &sent[1], &1_u32.to_be_bytes());
        for peer in &mut peers {
            peer.set_now(NOW + 35 * DAY + 1);
        }
        peers[1].open(&sent[2]).expect_err("its key has been dropped");
    }
}

#[test]
fn two_thousand_skipped_keys_are_kept_until_they_are_35_days_old() {
    for languages in BOTH_WAYS {
        let mut peers = pair(languages, 7);
        let [alice, bob] = &mut peers;
        alice.initiate(bob, true);
        pass(&mut peers, 0, b"0");
        pass(&mut peers, 1, b"1");
        for _ in 0..2 {
            for _ in 0..1_000 {
                seal(&mut peers, 0, b"lost");
            }
            pass(&mut peers, 0, b"there");
        }
        seal(&mut peers, 0, b"lost");
        let envelope = seal(&mut peers, 0, b"one too many");
        peers[1].open(&envelope).expect_err("2,000 are kept");
        for peer in &mut peers {
            peer.set_now(NOW + 35 * DAY + 1);
        }
        open(&mut peers, 1, &envelope, b"one too many");
    }
}

#[test]
fn keys_of_the_fifth_chain_back_are_kept_and_of_the_sixth_gone() {
    for languages in BOTH_WAYS {
        let mut peers = pair(languages, 5);
        let [alice, bob] = &mut peers;
        alice.initiate(bob, true);
        pass(&mut peers, 0, b"0");
        pass(&mut peers, 1, b"1");
        let (fifth, sixth) = (seal(&mut peers, 0, b"fifth"), seal(&mut peers, 0, b"sixth"));
        pass(&mut peers, 0, b"first chain");
        for _ in 0..4 {
            pass(&mut peers, 1, b"turn");
            pass(&mut peers, 0, b"turn");
        }
        open(&mut peers, 1, &fifth, b"fifth");
        pass(&mut peers, 1, b"turn");
        pass(&mut peers, 0, b"turn");
        peers[1].open(&sixth).expect_err("its chain has gone");
        pass(&mut peers, 0, b"unharmed");
    }
}

#[test]
fn contents_of_every_size_open_and_the_body_is_the_smallest_that_fits() {
    for languages in BOTH_WAYS {
        let mut peers = pair(languages, 6);
        let [alice, bob] = &mut peers;
        alice.initiate(bob, true);
        for (length, body) in [(0, 4096), (1_151, 4096), (1_152, 8192), (62_591, 65_536)] {
            assert_eq!(pass(&mut peers, 0, &vec![0x80; length]).body.len(), body);
        }
        for (length, body) in [(0, 4096), (1_727, 4096), (1_728, 8192), (63_167, 65_536)] {
            assert_eq!(pass(&mut peers, 1, &vec![0; length]).body.len(), body);
        }
        let to = peers[0].address.clone();
        peers[1].seal(&to, &vec![0; 63_168]).expect_err("too long for an envelope");
        pass(&mut peers, 1, b"unharmed");
    }
}
