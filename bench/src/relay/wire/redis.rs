//! RESP, the protocol of Redis: `XADD` to the stream of a mailbox.

use std::{collections::VecDeque, io};

use super::{Letter, Wire, line, number, odd, refused};

/// Answers come in the order of the requests.
#[derive(Default)]
pub(crate) struct RedisWire {
    waiting: VecDeque<usize>,
}

impl Wire for RedisWire {
    fn deposit(&mut self, slot: usize, letter: &Letter<'_>, out: &mut Vec<u8>) -> io::Result<()> {
        let key = format!("m:{}", letter.mailbox);
        out.extend_from_slice(b"*5\r\n");
        for word in [b"XADD", key.as_bytes(), b"*", b"b", letter.body] {
            out.extend_from_slice(format!("${}\r\n", word.len()).as_bytes());
            out.extend_from_slice(word);
            out.extend_from_slice(b"\r\n");
        }
        self.waiting.push_back(slot);
        Ok(())
    }

    fn expect(&mut self, slot: usize) {
        self.waiting.push_back(slot);
    }

    fn answers(&mut self, input: &[u8], done: &mut Vec<usize>) -> io::Result<usize> {
        let mut taken = 0;
        while let Some(bytes) = answer(input.get(taken..).unwrap_or_default())? {
            taken += bytes;
            done.push(self.waiting.pop_front().ok_or_else(|| odd(b"an answer too many"))?);
        }
        Ok(taken)
    }
}

/// Bytes of the answer in front, if it is whole: the id of the new entry.
fn answer(input: &[u8]) -> io::Result<Option<usize>> {
    let Some(head) = line(input) else { return Ok(None) };
    match head.split_first() {
        Some((b'$', length)) => {
            let length = number(length).ok_or_else(|| odd(head))?;
            let whole = head.len() + 2 + length + 2;
            Ok((input.len() >= whole).then_some(whole))
        }
        Some((b'-', text)) => Err(refused(text)),
        _ => Err(odd(head)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whole_answers_are_taken_and_the_rest_waits() {
        let mut wire = RedisWire::default();
        wire.expect(7);
        wire.expect(8);
        let mut done = Vec::new();
        assert_eq!(wire.answers(b"$3\r\n1-0\r\n$3\r\n1-", &mut done).unwrap(), 9);
        assert_eq!(done, [7]);
        assert!(wire.answers(b"-OOM\r\n", &mut done).is_err());
    }
}
