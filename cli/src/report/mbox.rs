//! A message as a mail in a mailbox: mboxrd, RFC 4155 and RFC 5322.
//!
//! A line of a text that begins like the first line of a mail gets one more `>`, so
//! that no text can pose as somebody's mail. What is no text, or has lines that
//! mail does not have, goes as base64, exactly.

use data_encoding::BASE64;
use jiff::{Timestamp, tz::TimeZone};

use super::message::{Direction, Kind, Message};
use crate::text;

/// The longest line of a mail.
const LONGEST_LINE: usize = 998;
/// Bytes of base64 on a line.
const BASE64_LINE: usize = 76;
/// Bytes in one encoded word of a header.
const WORD_BYTES: usize = 45;
/// Characters of a subject.
const SUBJECT: usize = 60;

/// Who wrote a mail, or gets it.
#[derive(Debug, Clone)]
pub(crate) struct Party {
    /// A name.
    pub(crate) name: String,
    /// An address.
    pub(crate) address: String,
}

/// A message as a mail, with the blank line behind it.
pub(crate) fn mail(message: &Message, own: &Party) -> Vec<u8> {
    let other = Party {
        name: message.with.shown(),
        address: message.address.clone().unwrap_or_else(|| "unknown.invalid".to_owned()),
    };
    let (from, to) = match message.direction {
        Direction::In => (&other, own),
        Direction::Out => (own, &other),
    };
    let file = message.described_file();
    let said: &[u8] = match message.kind {
        Kind::Unknown => b"(sent by a newer msg)",
        Kind::File => file.as_bytes(),
        Kind::Text if message.deleted => b"(deleted)",
        Kind::Text | Kind::Reaction | Kind::Edit | Kind::Delete => &message.body.0,
    };
    let at =
        i64::try_from(message.sent_ms).ok().and_then(|ms| Timestamp::from_millisecond(ms).ok());
    let at = at.unwrap_or_default().to_zoned(TimeZone::UTC);
    let mut head = format!("From {} {}\n", from.address, at.strftime("%a %b %e %H:%M:%S %Y"));
    let mut field = |name: &str, value: &str| head.extend([name, ": ", value, "\n"]);
    field("From", &party(from));
    field("To", &party(to));
    field("Date", &at.strftime("%a, %d %b %Y %H:%M:%S +0000").to_string());
    field("Subject", &word(&subject(said)));
    field("Message-ID", &format!("<{}@msg.invalid>", message.id));
    if let Some(answered) = &message.reply_to {
        field("In-Reply-To", &format!("<{answered}@msg.invalid>"));
    }
    if let Some(group) = &message.group {
        field("X-Msg-Group", &word(&group.shown()));
    }
    field("MIME-Version", "1.0");
    let body = body(said);
    field("Content-Type", body.media);
    field("Content-Transfer-Encoding", body.encoding);
    [head.as_bytes(), b"\n", &body.bytes, b"\n"].concat()
}

struct Encoded {
    media: &'static str,
    encoding: &'static str,
    bytes: Vec<u8>,
}

fn body(said: &[u8]) -> Encoded {
    let text = std::str::from_utf8(said).ok();
    let media = match text {
        Some(_) => "text/plain; charset=utf-8",
        None => "application/octet-stream",
    };
    let is_plain = |text: &&str| {
        !text.contains(['\0', '\r']) && text.split('\n').all(|line| line.len() < LONGEST_LINE)
    };
    if let Some(text) = text.filter(is_plain) {
        let text = text.strip_suffix('\n').unwrap_or(text);
        let quoted: Vec<String> = text.split('\n').map(quoted).collect();
        return Encoded { media, encoding: "8bit", bytes: quoted.concat().into_bytes() };
    }
    let text = BASE64.encode(said);
    let lines = text.as_bytes().chunks(BASE64_LINE);
    let bytes = lines.flat_map(|line| [line, b"\n"].concat()).collect();
    Encoded { media, encoding: "base64", bytes }
}

fn quoted(line: &str) -> String {
    let is_like_a_head = line.trim_start_matches('>').starts_with("From ");
    format!("{}{line}\n", if is_like_a_head { ">" } else { "" })
}

/// The beginning of the first line.
fn subject(said: &[u8]) -> String {
    let said = String::from_utf8_lossy(said);
    let first = said.lines().next().unwrap_or_default();
    text::line(first).chars().take(SUBJECT).collect()
}

fn party(party: &Party) -> String {
    format!("{} <{}>", word(&party.name), party.address)
}

/// A text in a header: RFC 2047 where it is not plain.
fn word(text: &str) -> String {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || " !#$%&'*+-/=^_`{|}~.,:;?".contains(c);
    if text.chars().all(is_plain) {
        return text.to_owned();
    }
    let mut words = vec![String::new()];
    for c in text.chars() {
        if words.last().is_some_and(|word| word.len() + c.len_utf8() > WORD_BYTES) {
            words.push(String::new());
        }
        if let Some(word) = words.last_mut() {
            word.push(c);
        }
    }
    let encoded = |word: &String| format!("=?utf-8?B?{}?=", BASE64.encode(word.as_bytes()));
    words.iter().map(encoded).collect::<Vec<_>>().join("\n ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{report::when, text::Body};

    fn message(body: &[u8]) -> Message {
        Message { body: Body(body.to_vec()), ..super::super::tests::message(b"") }
    }

    fn own() -> Party {
        Party { name: "alice".to_owned(), address: "alice@relay.example".to_owned() }
    }

    fn mail_of(body: &[u8]) -> String {
        String::from_utf8(mail(&message(body), &own())).unwrap()
    }

    #[test]
    fn a_message_is_a_mail() {
        let mut answer = message("grüße\nFrom here\n>From there\nend".as_bytes());
        answer.reply_to = Some("77".to_owned());
        assert!(when::exact(answer.sent_ms).starts_with("2026-05-28T20:26:40"));
        assert_eq!(
            String::from_utf8(mail(&answer, &own())).unwrap(),
            "From bob@relay.example Thu May 28 20:26:40 2026\n\
             From: bob <bob@relay.example>\n\
             To: alice <alice@relay.example>\n\
             Date: Thu, 28 May 2026 20:26:40 +0000\n\
             Subject: =?utf-8?B?Z3LDvMOfZQ==?=\n\
             Message-ID: <3fa9c1d2e3f405162738495a6b7c8d9e@msg.invalid>\n\
             In-Reply-To: <77@msg.invalid>\n\
             MIME-Version: 1.0\n\
             Content-Type: text/plain; charset=utf-8\n\
             Content-Transfer-Encoding: 8bit\n\
             \n\
             grüße\n>From here\n>>From there\nend\n\n"
        );
    }

    #[test]
    fn what_is_no_line_of_a_mail_is_encoded() {
        assert!(mail_of(b"a\rb").ends_with("base64\n\nYQ1i\n\n"));
        assert!(mail_of(&[b'x'; 2_000]).contains("base64"));
        let bytes = mail_of(&[0xff, 0]);
        assert!(bytes.contains("octet-stream") && bytes.ends_with("\n\n/wA=\n\n"), "{bytes}");
    }

    #[test]
    fn nobody_writes_a_header() {
        let mut forged = message(b"hi\r\nBcc: eve");
        forged.with = "bob\nBcc: eve@evil.example\n\u{202e}".into();
        let mail = String::from_utf8(mail(&forged, &own())).unwrap();
        let head = mail.split("\n\n").next().unwrap();
        assert!(!head.lines().any(|line| line.starts_with("Bcc")), "{head}");
    }
}
