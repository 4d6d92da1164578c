//! The protocol of NATS: a publication to the subject of a mailbox, which the
//! stream answers at a subject that names the slot.

use std::io;

use super::{Letter, Wire, line, number, odd, refused};

const OPTIONS: &str = r#"{"verbose":false,"pedantic":false,"tls_required":true,"lang":"rust","version":"1","headers":true,"no_responders":true}"#;

/// Answers come in any order, at subjects that belong to the connection.
pub(crate) struct NatsWire {
    inbox: String,
    pings: usize,
}

impl NatsWire {
    /// A connection that takes its answers at subjects under that number.
    pub(crate) fn new(number: usize) -> Self {
        Self { inbox: format!("r{number}."), pings: 0 }
    }

    /// Says who is there, and subscribes to all answers.
    pub(crate) fn hello(&self) -> Vec<u8> {
        format!("CONNECT {OPTIONS}\r\nSUB {}* 1\r\n", self.inbox).into_bytes()
    }

    /// A request to JetStream itself, for slot 0.
    pub(crate) fn api(&self, subject: &str, body: &str) -> Vec<u8> {
        let Self { inbox, .. } = self;
        format!("PUB $JS.API.{subject} {inbox}0 {}\r\n{body}\r\n", body.len()).into_bytes()
    }
}

impl Wire for NatsWire {
    fn deposit(&mut self, slot: usize, letter: &Letter<'_>, out: &mut Vec<u8>) -> io::Result<()> {
        let (mailbox, length) = (letter.mailbox, letter.body.len());
        let head = format!("PUB m.{mailbox} {}{slot} {length}\r\n", self.inbox);
        out.extend_from_slice(head.as_bytes());
        out.extend_from_slice(letter.body);
        out.extend_from_slice(b"\r\n");
        Ok(())
    }

    fn expect(&mut self, _slot: usize) {}

    fn answers(&mut self, input: &[u8], done: &mut Vec<usize>) -> io::Result<usize> {
        let mut taken = 0;
        loop {
            let rest = input.get(taken..).unwrap_or_default();
            let Some(head) = line(rest) else { return Ok(taken) };
            let mut words = head.split(|byte| *byte == b' ');
            match words.next() {
                Some(b"MSG") => {
                    let Some((slot, bytes)) = self.message(rest, head)? else { return Ok(taken) };
                    done.push(slot);
                    taken += bytes;
                }
                Some(b"PING") => {
                    self.pings += 1;
                    taken += head.len() + 2;
                }
                Some(b"PONG" | b"+OK" | b"INFO") => taken += head.len() + 2,
                Some(b"-ERR") => return Err(refused(head)),
                _ => return Err(odd(head)),
            }
        }
    }

    fn unasked(&mut self, out: &mut Vec<u8>) {
        (0..self.pings).for_each(|_| out.extend_from_slice(b"PONG\r\n"));
        self.pings = 0;
    }
}

impl NatsWire {
    /// Slot and bytes of the answer in front, if it is whole.
    fn message(&self, input: &[u8], head: &[u8]) -> io::Result<Option<(usize, usize)>> {
        let words: Vec<&[u8]> = head.split(|byte| *byte == b' ').collect();
        let (Some(subject), Some(length)) = (words.get(1), words.last()) else {
            return Err(odd(head));
        };
        let slot = subject
            .strip_prefix(self.inbox.as_bytes())
            .and_then(number)
            .ok_or_else(|| odd(head))?;
        let length = number(length).ok_or_else(|| odd(head))?;
        let begin = head.len() + 2;
        let Some(body) = input.get(begin..begin + length) else { return Ok(None) };
        if body.windows(7).any(|word| word == b"\"error\"") {
            return Err(refused(body));
        }
        let whole = begin + length + 2;
        Ok((input.len() >= whole).then_some((slot, whole)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_name_their_slots() {
        let mut wire = NatsWire::new(3);
        let input = b"PING\r\nMSG r3.12 1 20\r\n{\"stream\":\"M\",\"s\":1}\r\nMSG r3.3 1 2\r\n{";
        let mut done = Vec::new();
        assert_eq!(wire.answers(input, &mut done).unwrap(), 44);
        assert_eq!(done, [12]);
        let mut out = Vec::new();
        wire.unasked(&mut out);
        assert_eq!(out, b"PONG\r\n");
        let error = b"MSG r3.3 1 12\r\n{\"error\":{}}\r\n";
        assert!(wire.answers(error, &mut done).is_err());
    }
}
