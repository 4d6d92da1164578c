//! A document as its reader takes it: blocks of commands with what they show, and
//! words in backticks. A block is taken once, by its first line; at the end none is
//! left.

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    process::{Command, Stdio},
};

use msg_tests::place;

/// A file of the repository that people read.
pub(crate) struct Document {
    path: &'static str,
    blocks: Vec<Block>,
    tally: Tally,
    /// Whether a chapter has failed in the middle of its blocks.
    is_lost: bool,
}

/// How many commands and blocks were met, and what became of them.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Tally {
    /// Commands that were run.
    pub(crate) run: usize,
    /// Blocks that are no commands and were read by whom they are for.
    pub(crate) read: usize,
    /// Blocks that nothing here can read, each for a reason.
    pub(crate) aside: usize,
}

/// What stands between two fences.
#[derive(Debug, Clone)]
pub(crate) struct Block {
    /// Its language, as its fence says it.
    pub(crate) language: String,
    /// Its lines.
    pub(crate) lines: Vec<String>,
    /// The line of its fence.
    pub(crate) at: usize,
}

/// Something to type, by whom if the document says so, and what is shown then.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Typed {
    pub(crate) who: Option<String>,
    pub(crate) text: String,
    pub(crate) shown: Vec<String>,
}

impl Document {
    fn read(path: &'static str) -> Self {
        let text = std::fs::read_to_string(place::repository().join(path)).expect(path);
        Self { path, blocks: blocks(&text), tally: Tally::default(), is_lost: false }
    }

    /// Goes through its chapters, all of them even if one fails; gives what there was.
    #[track_caller]
    pub(crate) fn tried(path: &'static str, chapters: &[fn(&mut Self)]) -> Tally {
        let mut document = Self::read(path);
        let mut failed = 0;
        for chapter in chapters {
            let result = catch_unwind(AssertUnwindSafe(|| chapter(&mut document)));
            document.is_lost = result.is_err();
            failed += usize::from(document.is_lost);
        }
        assert_eq!(failed, 0, "chapters of {path} that do not do what they say");
        document.ends()
    }

    /// Takes the next block; it has this language, and its first line begins so.
    #[track_caller]
    fn take(&mut self, language: &str, begins: &str) -> Block {
        let path = self.path;
        let is_other =
            |block: &&Block| !block.lines.first().is_some_and(|it| it.starts_with(begins));
        let skipped = self.blocks.iter().take_while(is_other).count();
        if self.is_lost {
            self.blocks.drain(..skipped);
            self.is_lost = false;
        }
        assert!(!self.blocks.is_empty(), "{path} has no block `{begins}` any more");
        let block = self.blocks.remove(0);
        let at = block.at;
        assert_eq!(block.language, language, "{path}:{at}: {:?}", block.lines);
        let first = block.lines.first().map_or("", String::as_str);
        assert!(first.starts_with(begins), "{path}:{at}: `{first}` comes where `{begins}` was");
        block
    }

    /// Takes a block of commands.
    #[track_caller]
    pub(crate) fn commands(&mut self, language: &str, begins: &str) -> Vec<Typed> {
        let block = self.take(language, begins);
        let commands = block.commands();
        assert!(!commands.is_empty(), "{}:{} has no commands", self.path, block.at);
        self.tally.run += commands.len();
        commands
    }

    /// Takes a block that is read and not run; gives its text.
    #[track_caller]
    pub(crate) fn text(&mut self, language: &str, begins: &str) -> String {
        self.tally.read += 1;
        self.take(language, begins).text()
    }

    /// Passes over a block that only another program could read, for that reason.
    #[track_caller]
    pub(crate) fn aside(&mut self, language: &str, begins: &str, why: &str) {
        let block = self.take(language, begins);
        eprintln!("{}:{} is not tried: {why}", self.path, block.at);
        self.tally.aside += 1;
    }

    /// That nothing is left; gives what there was.
    #[track_caller]
    fn ends(self) -> Tally {
        let left: Vec<_> =
            self.blocks.iter().map(|block| format!("{}:{}", self.path, block.at)).collect();
        assert!(left.is_empty(), "nobody tries these blocks: {left:?}");
        eprintln!("{}: {:?}", self.path, self.tally);
        self.tally
    }
}

/// All fenced blocks of a document.
pub(crate) fn blocks(text: &str) -> Vec<Block> {
    let mut blocks: Vec<Block> = Vec::new();
    let mut open = false;
    for (number, line) in text.lines().enumerate() {
        let (lines, language) = (Vec::new(), line.strip_prefix("```"));
        match language {
            Some(language) if !open => {
                blocks.push(Block { language: language.to_owned(), lines, at: number + 1 });
            }
            None if open => blocks.last_mut().expect("it is open").lines.push(line.to_owned()),
            _ => {}
        }
        open ^= language.is_some();
    }
    assert!(!open, "a fence is open");
    blocks
}

/// What stands in backticks outside of blocks.
pub(crate) fn words(text: &str) -> Vec<String> {
    let prose = text.split("\n```").step_by(2);
    // A block's own line of opening goes with the block, that of closing is empty.
    let spans = prose.flat_map(|prose| prose.split('`').skip(1).step_by(2));
    spans.map(|span| span.replace("\\|", "|")).collect()
}

impl Block {
    pub(crate) fn text(&self) -> String {
        self.lines.join("\n") + "\n"
    }

    /// Its commands: in a `console` those behind a prompt, with what follows; in a
    /// `sh` each that a shell takes for whole.
    pub(crate) fn commands(&self) -> Vec<Typed> {
        if self.language == "console" { self.dialogue() } else { self.script() }
    }

    fn dialogue(&self) -> Vec<Typed> {
        let mut commands: Vec<Typed> = Vec::new();
        for line in &self.lines {
            let (who, text) = prompted(line);
            match (who, commands.last_mut()) {
                (None, Some(last)) => last.shown.push(line.clone()),
                (who, _) => commands.push(Typed { who, text, shown: Vec::new() }),
            }
        }
        commands
    }

    fn script(&self) -> Vec<Typed> {
        let mut commands = Vec::new();
        let mut begun = String::new();
        for line in &self.lines {
            if begun.is_empty() && (line.is_empty() || line.starts_with('#')) {
                continue;
            }
            begun.push_str(line);
            begun.push('\n');
            if is_whole(&begun) {
                let (who, text) = prompted(begun.trim_end());
                commands.push(Typed { who, text, shown: Vec::new() });
                begun.clear();
            }
        }
        assert!(begun.is_empty(), "no shell takes this: {begun}");
        commands
    }
}

/// Who is at the prompt that a line begins with, and what is typed there.
fn prompted(line: &str) -> (Option<String>, String) {
    match line.split_once("$ ") {
        Some((who, text)) if who.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit()) => {
            (Some(who.to_owned()), text.to_owned())
        }
        _ => (None, line.to_owned()),
    }
}

fn is_whole(text: &str) -> bool {
    let mut shell = Command::new("sh");
    shell.args(["-n", "-c", text]).stderr(Stdio::null());
    !text.trim_end().ends_with('\\') && shell.status().expect("a shell").success()
}
