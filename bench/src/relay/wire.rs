//! The protocols of the systems that are measured, as bytes in and bytes out, and
//! no more of each than a deposit and its answer need.

mod nats;
mod ours;
mod postgres;
mod redis;

use std::io;

pub(crate) use self::{nats::NatsWire, ours::OurWire, postgres::PostgresWire, redis::RedisWire};
use super::letters::Letter;

/// One connection's protocol.
pub(crate) trait Wire: Send {
    /// Writes the request that deposits a letter. Its answer will name the slot.
    fn deposit(&mut self, slot: usize, letter: &Letter<'_>, out: &mut Vec<u8>) -> io::Result<()>;

    /// A request that was made elsewhere will be answered; its answer will name
    /// the slot.
    fn expect(&mut self, slot: usize);

    /// Reads whole answers from the front and names the slots that they answer.
    /// Returns how many bytes that took.
    fn answers(&mut self, input: &[u8], done: &mut Vec<usize>) -> io::Result<usize>;

    /// Writes what is to be said beside deposits.
    fn unasked(&mut self, _out: &mut Vec<u8>) {}
}

/// The server said that it has not done what was asked.
fn refused(text: &[u8]) -> io::Error {
    io::Error::other(String::from_utf8_lossy(text).into_owned())
}

/// An answer that the protocol does not have here.
fn odd(text: &[u8]) -> io::Error {
    let shown = text.get(..text.len().min(80)).unwrap_or_default();
    io::Error::new(io::ErrorKind::InvalidData, String::from_utf8_lossy(shown).into_owned())
}

/// The line that the input begins with, without its end.
fn line(input: &[u8]) -> Option<&[u8]> {
    let end = input.windows(2).position(|pair| pair == b"\r\n")?;
    input.get(..end)
}

/// The decimal number that is the whole of a text.
fn number(text: &[u8]) -> Option<usize> {
    std::str::from_utf8(text).ok()?.parse().ok()
}
