//! A connection to a server on loopback that trusts whoever comes: simple queries,
//! answers as text. PostgreSQL's frontend/backend protocol, version 3.0.

use std::{
    fmt,
    io::{self, Read as _, Write as _},
    net::{Ipv4Addr, SocketAddr, TcpStream},
    time::Duration,
};

const PROTOCOL: i32 = 3 << 16;
const CONNECT: Duration = Duration::from_secs(2);
/// More than any statement here takes; one that waits for a standby would wait for ever.
const PATIENCE: Duration = Duration::from_mins(1);

/// A connection.
#[derive(Debug)]
pub struct Session {
    stream: TcpStream,
}

/// Columns as text; `None` is NULL.
pub type Row = Vec<Option<String>>;

/// What the server says instead of an answer.
#[derive(Debug)]
struct Complaint(String);

impl fmt::Display for Complaint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Complaint {}

impl Session {
    /// Connects as that role to that database.
    pub fn open(port: u16, role: &str, database: &str) -> io::Result<Self> {
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
        let stream = TcpStream::connect_timeout(&address, CONNECT)?;
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(PATIENCE))?;
        let mut session = Self { stream };
        let mut hello = PROTOCOL.to_be_bytes().to_vec();
        for word in ["user", role, "database", database, ""] {
            hello.extend_from_slice(word.as_bytes());
            hello.push(0);
        }
        session.send(None, &hello)?;
        session.answer()?;
        Ok(session)
    }

    /// Runs statements, and returns the rows of all of them.
    pub fn query(&mut self, statements: &str) -> io::Result<Vec<Row>> {
        let mut text = statements.as_bytes().to_vec();
        text.push(0);
        self.send(Some(b'Q'), &text)?;
        self.answer()
    }

    /// The first column of the first row.
    pub fn value(&mut self, statement: &str) -> io::Result<String> {
        let first =
            self.query(statement)?.into_iter().next().and_then(|row| row.into_iter().next());
        first.flatten().ok_or_else(|| io::Error::other(format!("no value: {statement}")))
    }

    fn send(&mut self, kind: Option<u8>, body: &[u8]) -> io::Result<()> {
        let length = i32::try_from(body.len() + 4).map_err(io::Error::other)?;
        let mut message: Vec<u8> = kind.into_iter().collect();
        message.extend_from_slice(&length.to_be_bytes());
        message.extend_from_slice(body);
        self.stream.write_all(&message)
    }

    /// Reads until the server is ready for more, or complains of the start.
    fn answer(&mut self) -> io::Result<Vec<Row>> {
        let (mut rows, mut complaint) = (Vec::new(), None);
        loop {
            let mut head = [0; 5];
            if let Err(end) = self.stream.read_exact(&mut head) {
                return Err(complaint.unwrap_or(end));
            }
            let length = u32::from_be_bytes([head[1], head[2], head[3], head[4]]);
            let mut body = vec![0; length as usize - 4];
            self.stream.read_exact(&mut body)?;
            match head[0] {
                b'Z' => return complaint.map_or(Ok(rows), Err),
                b'D' => rows.push(row(&body)),
                b'E' => complaint = Some(io::Error::other(Complaint(sentence(&body)))),
                b'R' if body != [0; 4] => return Err(io::Error::other("it wants a password")),
                _ => {}
            }
        }
    }
}

fn row(body: &[u8]) -> Row {
    let mut rest = &body[2..];
    let mut row = Vec::new();
    while let Some((length, after)) = rest.split_first_chunk::<4>() {
        // -1 is NULL.
        let length = usize::try_from(i32::from_be_bytes(*length)).ok();
        row.push(length.map(|length| String::from_utf8_lossy(&after[..length]).into_owned()));
        rest = &after[length.unwrap_or(0)..];
    }
    row
}

/// The message and the code among the fields of an error.
fn sentence(body: &[u8]) -> String {
    let fields = body.split(|byte| *byte == 0).filter_map(|field| field.split_first());
    let wanted = fields.filter(|(kind, _)| b"MC".contains(kind));
    let words: Vec<_> = wanted.map(|(_, text)| String::from_utf8_lossy(text)).collect();
    words.join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_hold_texts_and_nulls() {
        let body = b"\0\x03\0\0\0\x02ab\xff\xff\xff\xff\0\0\0\0";
        assert_eq!(row(body), [Some("ab".to_owned()), None, Some(String::new())]);
    }

    #[test]
    fn an_error_is_its_code_and_its_message() {
        assert_eq!(sentence(b"SFATAL\0C57P03\0Mstarting up\0\0"), "57P03 starting up");
    }
}
