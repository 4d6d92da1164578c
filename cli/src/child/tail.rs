//! The last lines of what a program writes, within bounds, whatever it writes.

use std::collections::VecDeque;

/// Bytes of a line that are kept.
const LINE_BYTES: usize = 1_000;
/// Bytes of all lines that are kept.
const ALL_BYTES: usize = 16_000;
/// What stands for the rest of a line.
const CUT: &[u8] = "…".as_bytes();

/// The streams of a program.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Stream {
    /// Its data.
    Out,
    /// Its talk.
    Err,
}

/// The last lines of both streams, in the order in which they ended.
#[derive(Debug)]
pub(crate) struct Tail {
    most: usize,
    bytes: usize,
    left_out: u64,
    lines: VecDeque<Vec<u8>>,
    out: Line,
    err: Line,
}

/// A line that has not ended.
#[derive(Debug, Default)]
struct Line {
    text: Vec<u8>,
    is_cut: bool,
    /// The next byte begins the line anew, as a terminal would show it.
    returns: bool,
}

impl Tail {
    /// Keeps so many lines.
    pub(crate) fn new(most: usize) -> Self {
        let (out, err) = (Line::default(), Line::default());
        Self { most, bytes: 0, left_out: 0, lines: VecDeque::new(), out, err }
    }

    /// Takes what was written.
    pub(crate) fn feed(&mut self, stream: Stream, bytes: &[u8]) {
        for byte in bytes {
            let line = match stream {
                Stream::Out => &mut self.out,
                Stream::Err => &mut self.err,
            };
            if let Some(ended) = line.take(*byte) {
                self.keep(ended);
            }
        }
    }

    /// The lines, and how many came before them.
    pub(crate) fn end(mut self) -> (Vec<Vec<u8>>, u64) {
        for line in [std::mem::take(&mut self.out), std::mem::take(&mut self.err)] {
            if !line.text.is_empty() {
                self.keep(line.end());
            }
        }
        (self.lines.into(), self.left_out)
    }

    fn keep(&mut self, line: Vec<u8>) {
        self.bytes += line.len() + 1;
        self.lines.push_back(line);
        while self.lines.len() > self.most || self.bytes > ALL_BYTES {
            let Some(gone) = self.lines.pop_front() else { return };
            self.bytes -= gone.len() + 1;
            self.left_out += 1;
        }
    }
}

impl Line {
    fn take(&mut self, byte: u8) -> Option<Vec<u8>> {
        if byte == b'\n' {
            return Some(std::mem::take(self).end());
        }
        if byte == b'\r' {
            self.returns = true;
            return None;
        }
        if std::mem::take(&mut self.returns) {
            self.text.clear();
            self.is_cut = false;
        }
        if self.text.len() < LINE_BYTES {
            self.text.push(byte);
        } else {
            self.is_cut = true;
        }
        None
    }

    fn end(mut self) -> Vec<u8> {
        if self.is_cut {
            self.text.extend(CUT);
        }
        self.text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tail(most: usize, pieces: &[(Stream, &str)]) -> (Vec<String>, u64) {
        let mut tail = Tail::new(most);
        for (stream, text) in pieces {
            tail.feed(*stream, text.as_bytes());
        }
        let (lines, left_out) = tail.end();
        (lines.into_iter().map(|line| String::from_utf8(line).unwrap()).collect(), left_out)
    }

    #[test]
    fn the_last_lines_stay_whole() {
        let (lines, left_out) = tail(2, &[(Stream::Out, "one\ntwo\nthr"), (Stream::Out, "ee")]);
        assert_eq!((lines, left_out), (vec!["two".to_owned(), "three".to_owned()], 1));
        assert_eq!(tail(0, &[(Stream::Out, "one\n")]), (vec![], 1));
    }

    #[test]
    fn lines_of_two_streams_are_not_mixed() {
        let pieces = [(Stream::Out, "ab"), (Stream::Err, "x\n"), (Stream::Out, "c\n")];
        assert_eq!(tail(9, &pieces).0, ["x", "abc"]);
    }

    #[test]
    fn a_progress_bar_is_its_last_state() {
        let (lines, _) = tail(9, &[(Stream::Err, "10%\r50%\r100%\r\ndone\r\n")]);
        assert_eq!(lines, ["100%", "done"]);
    }

    #[test]
    fn no_flood_of_bytes_or_lines_is_kept() {
        let long = "x".repeat(5_000_000);
        let (lines, _) = tail(9, &[(Stream::Out, &long)]);
        assert_eq!(lines[0].len(), LINE_BYTES + CUT.len());
        let many = format!("{}\n", "y".repeat(900)).repeat(1_000);
        let (lines, left_out) = tail(1_000, &[(Stream::Out, &many)]);
        assert!(lines.len() as u64 + left_out == 1_000 && lines.len() * 901 <= ALL_BYTES);
    }
}
