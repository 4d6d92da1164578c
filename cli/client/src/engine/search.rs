//! Messages by words in them.

use msg_protocol::content::{Content, Replayed};

/// Words that are looked for: all of them, anywhere, in whatever case.
#[derive(Debug, Clone)]
pub struct Words(Vec<String>);

impl Words {
    /// Those words; a word may hold blanks.
    pub fn new(words: &[String]) -> Self {
        Self(words.iter().map(|word| word.to_lowercase()).collect())
    }

    /// Whether all of them are in what a message says.
    pub fn are_in(&self, content: &Content) -> bool {
        texts(content).iter().any(|text| self.are_in_text(text))
    }

    /// Whether all of them are in a text.
    pub fn are_in_text(&self, text: &[u8]) -> bool {
        let text = String::from_utf8_lossy(text).to_lowercase();
        self.0.iter().all(|word| text.contains(word))
    }
}

/// What a message says in words.
fn texts(content: &Content) -> Vec<&[u8]> {
    match content {
        Content::Text(text) => vec![&text.bytes],
        Content::File(file) => vec![file.name.as_bytes()],
        Content::Replay(replay) => match &replay.said {
            Replayed::Text(text) => vec![&text.bytes],
            Replayed::File(file) => vec![file.name.as_bytes()],
        },
        Content::Lines(lines) => lines.lines.iter().map(|line| &*line.bytes).collect(),
        _ => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use msg_protocol::{
        bounded::{Bytes, List},
        content::{Line, Lines, Text},
        id::MessageId,
    };

    use super::*;

    fn text(text: &str) -> Content {
        let bytes = Bytes::new(text.as_bytes().to_vec()).unwrap();
        Text { bytes, reply_to: None, expire_s: None }.into()
    }

    fn finds(words: &[&str], content: &Content) -> bool {
        let words: Vec<String> = words.iter().map(ToString::to_string).collect();
        Words::new(&words).are_in(content)
    }

    #[test]
    fn all_words_in_whatever_case_and_order() {
        let backup = text("Backup of ÅRHUS failed\n");
        assert!(finds(&["failed", "backup"], &backup));
        assert!(finds(&["of århus"], &backup));
        assert!(!finds(&["backup", "done"], &backup));
    }

    #[test]
    fn words_of_two_lines_are_not_together() {
        let line = |text: &str| Line {
            id: MessageId([1; 16]),
            bytes: Bytes::new(text.as_bytes().to_vec()).unwrap(),
        };
        let lines = List::new(vec![line("one"), line("two")]).unwrap();
        let lines: Content = Lines { lines, expire_s: None }.into();
        assert!(finds(&["two"], &lines));
        assert!(!finds(&["one", "two"], &lines));
    }
}
