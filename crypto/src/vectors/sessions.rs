//! Which of the sessions of a pair of devices sends.

use alloc::vec::Vec;

use msg_protocol::time::UnixSeconds;

use super::{
    case::{Case, File},
    draws::Draws,
    handshake::Handshake,
    json::{Json, object},
    party::NOW,
};
use crate::session::{
    Session,
    pair::{Adopted, PeerSessions},
};

const DAY: u64 = 86_400;
/// How far ahead of its own clock a device lets a generation count.
const AHEAD: u64 = 62 * DAY;

#[test]
fn sessions_are_as_their_vectors_say() {
    let rng = &mut Draws::of("sessions");
    let archive = Handshake::new(true, 0, rng).session.archive().as_bytes().to_vec();
    let (small, large) = ([0x11; 32], [0x22; 32]);
    let at = NOW.0;
    let story = |name: &str, moments: &[Moment]| Story::play(&archive, moments).into_case(name);
    let cases = alloc::vec![
        story(
            "the larger generation sends, whichever comes first",
            &[
                Moment::Make(at, at, large),
                Moment::Make(at + 1, at - 1, small),
                Moment::Make(at + 2, at + 1, large),
            ],
        ),
        story(
            "both begin at once: the smaller th2 sends",
            &[Moment::Make(at, at, large), Moment::Make(at, at, small)],
        ),
        story(
            "both begin at once, seen the other way round",
            &[Moment::Make(at, at, small), Moment::Make(at, at, large)],
        ),
        story(
            "bytes of th2 are compared from the first on",
            &[Moment::Make(at, at, first(0x10, 0xff)), Moment::Make(at, at, first(0x0f, 0xff))],
        ),
        story(
            "what a first session states, and what follows a known one",
            &[
                Moment::Next(at),
                Moment::Make(at, at + 5, small),
                Moment::Next(at),
                Moment::Next(at + 6),
                Moment::Next(at + 7),
            ],
        ),
        story(
            "a session that has lost its place never regains it",
            &[
                Moment::Make(at, at, small),
                Moment::Make(at, at + 1, small),
                Moment::Make(at + 30 * DAY, at, first(0, 0)),
            ],
        ),
        story(
            "a generation counts for 62 days ahead and no more",
            &[
                Moment::Make(at, u64::MAX, large),
                Moment::Next(at),
                Moment::Make(at, at + AHEAD, first(0x33, 0)),
                Moment::Make(at, at + AHEAD, small),
                Moment::Make(at, at + AHEAD + 1, first(0, 0)),
                Moment::Make(at + 1, at + AHEAD + 1, large),
                Moment::Next(at + 1),
            ],
        ),
    ];
    File {
        name: "sessions",
        about: "Sessions of one pair of devices, moment by moment. `make`: at the second `at` the \
                device begins or accepts a session with this generation and th2; `sends` says \
                whether it is the one that sends from then on. `next`: the generation of a \
                session that the device would begin at that second.",
        spec: "crypto/SPEC.md §6",
        cases,
    }
    .keep();
}

/// A th2 of one first byte and others all alike.
fn first(byte: u8, others: u8) -> [u8; 32] {
    let mut th2 = [others; 32];
    th2[0] = byte;
    th2
}

/// What happens to a pair.
enum Moment {
    /// At a second, a session is made: its generation and th2.
    Make(u64, u64, [u8; 32]),
    /// At a second, the device asks what to state.
    Next(u64),
}

struct Story(Vec<Json>);

impl Story {
    fn play(archive: &[u8], moments: &[Moment]) -> Self {
        let mut pair = PeerSessions::default();
        Self(moments.iter().map(|moment| moment.play(archive, &mut pair)).collect())
    }

    fn into_case(self, name: &str) -> Case {
        Case::new("pair", name, object! {}).script(self.0)
    }
}

impl Moment {
    fn play(&self, archive: &[u8], pair: &mut PeerSessions) -> Json {
        match self {
            Self::Make(at, generation, th2) => {
                let session = Session::restore(archive).unwrap().ranked(*generation, *th2);
                let adopted = pair.adopt(session, UnixSeconds(*at));
                let sends = object! { "sends": adopted == Adopted::Sending };
                object! { "do": "make", "at": *at, "generation": *generation, "th2": th2 }
                    .with("outputs", sends)
            }
            Self::Next(at) => {
                let generation = pair.next_generation(UnixSeconds(*at));
                object! { "do": "next", "at": *at }
                    .with("outputs", object! { "generation": generation })
            }
        }
    }
}
