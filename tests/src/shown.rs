//! What commands have shown to somebody who reads their output as JSON, and that
//! they show nothing again which they had finished showing.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use crate::msg::Done;

/// What the reader was shown, as the one who reads the output saw it.
#[derive(Debug, Default)]
pub struct Shown {
    /// The texts, and the names of files.
    pub bodies: BTreeSet<String>,
    /// Ids of which a command has finished showing, or that were shown unfinished.
    finished: BTreeMap<String, bool>,
}

impl Shown {
    /// A command has ended, by itself or not.
    pub fn take(&mut self, done: &Done) {
        let text = done.text();
        // A line that the kill has cut off was not shown.
        let whole = text.rfind('\n').map_or("", |end| &text[..end]);
        for line in whole.lines() {
            self.take_line(line, done.code == Some(0));
        }
    }

    /// A command has shown a line, and has finished doing so or not. Gives it back,
    /// unless it is news that nobody has sent.
    pub fn take_line(&mut self, line: &str, is_finished: bool) -> Option<Value> {
        let line: Value = serde_json::from_str(line).unwrap();
        let body = line["body"].as_str().filter(|body| !body.is_empty());
        let what = body.or_else(|| line["file"]["name"].as_str())?.to_owned();
        let id = line["id"].as_str().unwrap().to_owned();
        match self.finished.get(&id) {
            Some(true) => panic!("shown again: {line}"),
            Some(false) => assert_eq!(line["redelivered"], true, "{line}"),
            None => {}
        }
        self.bodies.insert(what);
        self.finished.insert(id, is_finished);
        let count = self.bodies.len();
        assert_eq!(self.finished.len(), count, "a text came under two ids: {line}");
        Some(line)
    }
}
