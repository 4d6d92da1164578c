//! The protocol of PostgreSQL, version 3: a prepared insert, bound, executed and
//! synced for each deposit, so that each is a transaction.

use std::{collections::VecDeque, io};

use super::{Letter, Wire, odd, refused};

const INSERT: &str = "INSERT INTO envelope (mbx, seq, msgid, expires, body) \
    VALUES ($1, $2, $3, now() + interval '30 days', $4)";
const STATEMENT: &[u8] = b"i\0";

/// Answers come in the order of the requests.
#[derive(Default)]
pub(crate) struct PostgresWire {
    waiting: VecDeque<usize>,
}

impl PostgresWire {
    /// Asks, in the clear, whether the server speaks TLS.
    pub(crate) const TLS_REQUEST: [u8; 8] = [0, 0, 0, 8, 4, 210, 22, 47];

    /// Says who is there.
    pub(crate) fn startup(user: &str) -> Vec<u8> {
        let version = [0, 3, 0, 0];
        let body = [&version, b"user\0".as_slice(), user.as_bytes(), b"\0\0"].concat();
        [&length_of(body.len()), body.as_slice()].concat()
    }

    /// Statements without parameters.
    pub(crate) fn query(text: &str) -> Vec<u8> {
        let mut out = Vec::new();
        message(&mut out, b'Q', &[text.as_bytes(), b"\0"]);
        out
    }

    /// The insert, to be executed by this connection.
    pub(crate) fn prepare() -> Vec<u8> {
        let mut out = Vec::new();
        message(&mut out, b'P', &[STATEMENT, INSERT.as_bytes(), b"\0", &[0, 0]]);
        message(&mut out, b'S', &[]);
        out
    }
}

/// The length field in front of so many bytes; it counts itself.
fn length_of(bytes: usize) -> [u8; 4] {
    u32::try_from(bytes + 4).unwrap_or(u32::MAX).to_be_bytes()
}

fn message(out: &mut Vec<u8>, kind: u8, parts: &[&[u8]]) {
    out.push(kind);
    out.extend_from_slice(&length_of(parts.iter().map(|part| part.len()).sum()));
    for part in parts {
        out.extend_from_slice(part);
    }
}

impl Wire for PostgresWire {
    fn deposit(&mut self, slot: usize, letter: &Letter<'_>, out: &mut Vec<u8>) -> io::Result<()> {
        let mailbox = u64::try_from(letter.mailbox).unwrap_or(0).to_be_bytes();
        let mailbox = [mailbox, [0; 8]].concat();
        let sequence = letter.number.to_be_bytes();
        let size = u32::try_from(letter.body.len()).unwrap_or(u32::MAX).to_be_bytes();
        let (eight, sixteen) = ([0, 0, 0, 8], [0, 0, 0, 16]);
        // No name of a portal; all parameters binary, four of them; no results.
        message(
            out,
            b'B',
            &[
                b"\0",
                STATEMENT,
                &[0, 1, 0, 1, 0, 4],
                &sixteen,
                &mailbox,
                &eight,
                &sequence,
                &sixteen,
                &letter.id,
                &size,
                letter.body,
                &[0, 0],
            ],
        );
        message(out, b'E', &[b"\0", &[0; 4]]);
        message(out, b'S', &[]);
        self.waiting.push_back(slot);
        Ok(())
    }

    fn expect(&mut self, slot: usize) {
        self.waiting.push_back(slot);
    }

    fn answers(&mut self, input: &[u8], done: &mut Vec<usize>) -> io::Result<usize> {
        let mut taken = 0;
        while let Some((kind, body)) = whole(input.get(taken..).unwrap_or_default()) {
            taken += 5 + body.len();
            match kind {
                b'Z' => {
                    done.push(self.waiting.pop_front().ok_or_else(|| odd(b"an answer too many"))?);
                }
                b'E' => return Err(refused(body)),
                _ => {}
            }
        }
        Ok(taken)
    }
}

/// Kind and body of the message in front, if it is whole.
fn whole(input: &[u8]) -> Option<(u8, &[u8])> {
    let kind = *input.first()?;
    let length = u32::from_be_bytes(input.get(1..5)?.try_into().ok()?);
    let end = usize::try_from(length).ok()? + 1;
    Some((kind, input.get(5..end)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_transaction_is_answered_when_the_server_is_ready_again() {
        let mut wire = PostgresWire::default();
        wire.expect(5);
        let (mut input, mut done) = (Vec::new(), Vec::new());
        message(&mut input, b'2', &[]);
        message(&mut input, b'C', &[b"INSERT 0 1\0"]);
        assert_eq!(wire.answers(&input, &mut done).unwrap(), input.len());
        assert!(done.is_empty());
        message(&mut input, b'Z', &[b"I"]);
        wire.answers(&input, &mut done).unwrap();
        assert_eq!(done, [5]);
    }

    #[test]
    fn an_error_ends_the_measurement() {
        let mut input = Vec::new();
        message(&mut input, b'E', &[b"Mno such table\0\0"]);
        assert!(PostgresWire::default().answers(&input, &mut Vec::new()).is_err());
    }
}
