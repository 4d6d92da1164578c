//! A peer process, and its commands as methods. A refusal is an `Err` with the
//! peer's reason; whatever else goes wrong ends the test.

use std::{
    io::{BufRead as _, BufReader, Write as _},
    process::{Child, ChildStdin, ChildStdout, Command, Stdio},
};

use data_encoding::HEXLOWER;
use msg_tests::place;
use serde_json::{Value, json};

/// Who a peer is written by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Language {
    Rust,
    Python,
}

/// Every way to put two different peers into two parts.
pub(crate) const BOTH_WAYS: [[Language; 2]; 2] =
    [[Language::Rust, Language::Python], [Language::Python, Language::Rust]];

/// Why a peer refused.
pub(crate) type Refusal = String;

/// A device of the other account: identity and device id, in hex.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Address {
    pub(crate) identity: String,
    pub(crate) device: String,
}

/// What one peer hands to the other.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Envelope {
    pub(crate) kind: String,
    pub(crate) body: Vec<u8>,
}

/// A running peer, with one device of one account.
pub(crate) struct Peer {
    process: Child,
    commands: Option<ChildStdin>,
    answers: BufReader<ChildStdout>,
    /// Its own address.
    pub(crate) address: Address,
    /// Its account's newest card.
    pub(crate) card: Value,
}

impl Peer {
    /// Starts a peer whose keys and choices come from `seed`.
    pub(crate) fn start(language: Language, name: &str, seed: u64, now: u64) -> Self {
        let mut process = command(language)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap_or_else(|error| panic!("the {language:?} peer does not start: {error}"));
        let mut peer = Self {
            commands: process.stdin.take(),
            answers: BufReader::new(process.stdout.take().unwrap()),
            process,
            address: Address { identity: String::new(), device: String::new() },
            card: Value::Null,
        };
        let seed = format!("{seed:064x}");
        let answer = peer.must(&json!({"op": "device", "seed": seed, "name": name, "now": now}));
        peer.address = address(&answer);
        peer.card = answer["card"].clone();
        peer
    }

    /// One command, one answer.
    pub(crate) fn ask(&mut self, command: &Value) -> Result<Value, Refusal> {
        let commands = self.commands.as_mut().unwrap();
        let mut line = String::new();
        let asked = writeln!(commands, "{command}").and_then(|()| commands.flush());
        let answered = asked.and_then(|()| self.answers.read_line(&mut line));
        let shown = shortened(&command.to_string());
        assert!(answered.is_ok_and(|bytes| bytes > 0), "the peer ended at {shown}");
        let answer: Value = serde_json::from_str(&line).expect("an answer is one line of JSON");
        match answer.get("error") {
            None => Ok(answer),
            Some(reason) => Err(reason.as_str().unwrap().into()),
        }
    }

    /// A command that the peer has no reason to refuse.
    pub(crate) fn must(&mut self, command: &Value) -> Value {
        self.ask(command)
            .unwrap_or_else(|reason| panic!("{}: {reason}", shortened(&command.to_string())))
    }

    /// Sets the peer's clock, in seconds since 1970.
    pub(crate) fn set_now(&mut self, now: u64) {
        self.must(&json!({"op": "now", "now": now}));
    }

    /// Makes the next version of its card.
    pub(crate) fn change_card(&mut self) {
        self.card = self.must(&json!({"op": "card"}))["card"].clone();
    }

    /// Makes a new signed prekey and last-resort key.
    pub(crate) fn rotate(&mut self) {
        self.must(&json!({"op": "rotate"}));
    }

    /// Prekeys for one handshake with it, as a relay hands them out.
    pub(crate) fn bundle(&mut self, one_time: bool) -> Value {
        self.must(&json!({"op": "bundle", "one_time": one_time}))["bundle"].clone()
    }

    /// Begins a session with `peer`; gives the session's name.
    pub(crate) fn initiate(&mut self, peer: &mut Self, one_time: bool) -> String {
        let bundle = peer.bundle(one_time);
        let answer = self.must(&json!({"op": "initiate", "card": peer.card, "bundle": bundle}));
        text(&answer["session"])
    }

    /// Seals for the device at `to`, in the sending session.
    pub(crate) fn seal(&mut self, to: &Address, content: &[u8]) -> Result<Envelope, Refusal> {
        let answer = self.ask(&json!({
            "op": "seal", "identity": to.identity, "device": to.device, "content": HEXLOWER.encode(content),
        }))?;
        Ok(envelope(&answer))
    }

    /// Seals against the rules, as `tests/interop/forge.py` says.
    pub(crate) fn forge(&mut self, to: &Address, changes: &Value) -> Envelope {
        let answer = self.must(&json!({
            "op": "forge", "identity": to.identity, "device": to.device, "changes": changes,
        }));
        envelope(&answer)
    }

    /// Seals in a given session, be it the sending one or not.
    pub(crate) fn seal_in(&mut self, session: &str, content: &[u8]) -> Envelope {
        let content = HEXLOWER.encode(content);
        envelope(&self.must(&json!({"op": "seal_in", "session": session, "content": content})))
    }

    /// Opens an envelope: the sender, and the content.
    pub(crate) fn open(&mut self, envelope: &Envelope) -> Result<(Address, Vec<u8>), Refusal> {
        let body = HEXLOWER.encode(&envelope.body);
        let answer = self.ask(&json!({"op": "open", "kind": envelope.kind, "body": body}))?;
        Ok((address(&answer), bytes(&answer["content"])))
    }

    /// The session in which it sends to the device at `to`.
    pub(crate) fn sending(&mut self, to: &Address) -> String {
        let command = json!({"op": "sending", "identity": to.identity, "device": to.device});
        text(&self.must(&command)["session"])
    }
}

impl Drop for Peer {
    fn drop(&mut self) {
        drop(self.commands.take());
        let _ = self.process.wait();
    }
}

fn command(language: Language) -> Command {
    match language {
        Language::Rust => Command::new(env!("CARGO_BIN_EXE_interop-peer")),
        Language::Python => {
            let mut command = Command::new(place::interop_python());
            command.arg("-B").arg(place::repository().join("tests/interop/peer.py"));
            command
        }
    }
}

fn address(answer: &Value) -> Address {
    Address { identity: text(&answer["identity"]), device: text(&answer["device"]) }
}

fn envelope(answer: &Value) -> Envelope {
    Envelope { kind: text(&answer["kind"]), body: bytes(&answer["body"]) }
}

/// A text in an answer.
pub(crate) fn text(value: &Value) -> String {
    value.as_str().expect("a text in the answer").into()
}

/// The bytes that a hexadecimal text stands for.
pub(crate) fn bytes(value: &Value) -> Vec<u8> {
    HEXLOWER.decode(text(value).as_bytes()).expect("hexadecimal")
}

fn shortened(text: &str) -> String {
    text.chars().take(120).collect()
}
