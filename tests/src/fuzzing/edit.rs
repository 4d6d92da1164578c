//! Changes to honest bytes, as a script orders them: a mutated ciphertext gets
//! deeper into an opener than bytes made up from nothing.

use super::script::Script;

/// Carries out the rest of the script on `bytes`; `others` are spliced in.
pub(super) fn edit(script: &mut Script<'_>, bytes: &mut [u8], others: &[&[u8]]) {
    while !script.is_over() && !bytes.is_empty() {
        let order = script.byte();
        let at = usize::from(script.word()) % bytes.len();
        match order % 4 {
            0 => bytes[at] ^= script.byte(),
            1 => {
                let length = usize::from(script.byte());
                copy(script.bytes(length), &mut bytes[at..]);
            }
            2 if !others.is_empty() => {
                let other = script.pick(others);
                let length = usize::from(script.word());
                copy(
                    other.get(at..).unwrap_or_default().get(..length).unwrap_or_default(),
                    &mut bytes[at..],
                );
            }
            _ => {
                let length = usize::from(script.byte());
                for byte in bytes[at..].iter_mut().take(length) {
                    *byte = order;
                }
            }
        }
    }
}

fn copy(from: &[u8], to: &mut [u8]) {
    for (to, from) in to.iter_mut().zip(from) {
        *to = *from;
    }
}
