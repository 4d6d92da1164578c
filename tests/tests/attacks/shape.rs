//! What bodies show to whoever has no key: their length, and nothing else.

use msg_protocol::{envelope::EnvelopeKind, limits::BODY_SIZES};
use msg_tests::seed::rng;
use rand_core::Rng as _;

use crate::scene::alice_and_bob;

/// Text that compresses to nothing and bytes that do not compress make bodies of
/// the same length.
#[test]
fn attack_11_compression_oracle() {
    let rng = &mut rng(811);
    let (alice, mut bob) = alice_and_bob(rng);
    let (mut ours, _) = alice.established(&mut bob, rng);
    let begun = alice.initiate(&mut bob, rng);
    let mut unanswered = msg_tests::party::reopen(&begun);
    for session in [&mut ours, &mut unanswered] {
        let most = session.max_content();
        let mut noise = vec![0; most];
        rng.fill_bytes(&mut noise);
        let around_sizes = BODY_SIZES.iter().flat_map(|size| size.saturating_sub(4_600)..size + 10);
        for length in around_sizes.step_by(97).filter(|length| *length <= most) {
            let dull = vec![b'a'; length];
            let sizes = [dull.as_slice(), &noise[..length]]
                .map(|content| session.seal(content, rng).unwrap().body.as_bytes().len());
            assert_eq!(sizes[0], sizes[1]);
            assert!(BODY_SIZES.contains(&sizes[0]));
        }
    }
}

/// 255 degrees of freedom: the mean is 255, and 400 is beyond one in 10^7.
const CHI_SQUARE_LIMIT: f64 = 400.0;

fn chi_square(counts: &[u32; 256]) -> f64 {
    let total: u32 = counts.iter().sum();
    let expected = f64::from(total) / 256.0;
    counts.iter().map(|count| (f64::from(*count) - expected).powi(2) / expected).sum()
}

/// 10,000 texts of up to 1.4 KB, in turns from two sessions of which one hardly
/// ever makes a step.
#[test]
fn ten_thousand_texts_make_bodies_of_one_length_that_look_random() {
    const LEADING: usize = 64;
    let rng = &mut rng(812);
    let (alice, mut bob) = alice_and_bob(rng);
    let mut sessions = [(); 2].map(|()| alice.established(&mut bob, rng));
    let mut bytes = [[0; 256]; 2];
    let mut places = vec![[0; 256]; LEADING];
    for number in 0..10_000_u32 {
        let which = number as usize % 2;
        let length = usize::try_from(rng.next_u64() % 1_401).unwrap();
        let text = vec![b'a'; length];
        let (ours, theirs) = &mut sessions[which];
        let sealed = ours.seal(&text, rng).unwrap();
        assert_eq!((sealed.kind, sealed.body.as_bytes().len()), (EnvelopeKind::Session, 4_096));
        for byte in sealed.body.as_bytes() {
            bytes[which][usize::from(*byte)] += 1;
        }
        for (place, byte) in places.iter_mut().zip(sealed.body.as_bytes()) {
            place[usize::from(*byte)] += 1;
        }
        if number % 100 == 0 {
            theirs.open(sealed.kind, &sealed.body, msg_tests::party::NOW).unwrap();
            let answer = theirs.seal(b"ok", rng).unwrap();
            ours.open(answer.kind, &answer.body, msg_tests::party::NOW).unwrap();
        }
    }
    for counts in bytes.iter().chain(&places) {
        assert!(chi_square(counts) < CHI_SQUARE_LIMIT);
    }
    let mut constant = [0; 256];
    constant[0] = 10_000;
    assert!(chi_square(&constant) > CHI_SQUARE_LIMIT);
}
