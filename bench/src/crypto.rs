//! `crypto`: the end-to-end cryptography against vodozemac (Olm, classical,
//! headers in the clear), and the ML-KEM crate in use against libcrux's.

mod kem;
mod olm;
mod ours;

use crate::{
    machine,
    output::line,
    turns::{Figure, compare, compare_turns},
};
use olm::OlmPair;
use ours::OurPair;

const SIZES: [usize; 3] = [256, 1_024, 16_384];
/// In one turn.
const HANDSHAKES: u32 = 50;

/// Measures and prints everything.
pub(crate) fn run() {
    line(format!("machine: {}", machine::describe()));
    line("against: vodozemac 0.11 (Olm, session version 1), libcrux-ml-kem 0.0.11");
    line("ratio: median over pairs of turns; below 1 is faster than theirs");
    line("");
    header("vodozemac");
    for size in SIZES {
        row(&format!("one way, seal + open, {size} B"), &one_way(size));
    }
    for size in SIZES {
        row(&format!("ping-pong, both directions, {size} B"), &ping_pong(size));
    }
    row("handshake, one-time keys, first message", &handshake());
    line("");
    header("libcrux");
    for (name, figure) in kem::figures() {
        row(&format!("ML-KEM-768 {name}"), &figure);
    }
    line("");
    sizes();
}

fn one_way(size: usize) -> Figure {
    let content = vec![b'x'; size];
    let (mut ours, mut theirs) = (OurPair::new(), OlmPair::new());
    compare(|| ours.one_way(&content), || theirs.one_way(&content))
}

fn ping_pong(size: usize) -> Figure {
    let content = vec![b'x'; size];
    let (mut ours, mut theirs) = (OurPair::new(), OlmPair::new());
    compare(|| ours.ping_pong(&content), || theirs.ping_pong(&content))
}

fn handshake() -> Figure {
    compare_turns(ours::handshakes, olm::handshakes)
}

fn sizes() {
    let pair = OurPair::new();
    line(format!("{:<44} {:>10}", "stored session, one side", format!("{} B", pair.stored())));
    for size in SIZES {
        let (established, first) = ours::body_sizes(size);
        let name = format!("body of {size} B: established, first");
        line(format!("{name:<44} {:>10} {:>10}", format!("{established} B"), format!("{first} B")));
    }
}

fn header(theirs: &str) {
    line(format!("{:<44} {:>10} {theirs:>10} {:>7}", "", "ours", "ratio"));
}

fn row(name: &str, figure: &Figure) {
    line(format!(
        "{name:<44} {:>8.1}us {:>8.1}us {:>7.2}",
        figure.ours / 1e3,
        figure.theirs / 1e3,
        figure.ratio
    ));
}
