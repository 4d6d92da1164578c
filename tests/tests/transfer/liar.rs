//! A relay that gives other bytes than it got.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use msg_protocol::{
    bounded::Bytes,
    error::{Code, Refusal},
    request::Request,
    response::Response,
};
use msg_tests::{
    msg::friends_at,
    relay::{Answer, Liar, Lie},
};

use super::{MSG, folder, id, names, random_file, received, relay, run_in, sha256};

/// Turns a bit in the last piece.
struct Turned;

impl Lie for Turned {
    fn say(&mut self, request: &Request, answer: &mut Answer) {
        if let (Request::FetchBlob(fetch), Ok(Response::BlobChunk(chunk))) = (request, answer)
            && fetch.index > 0
        {
            let mut bytes = chunk.bytes.clone().into_vec();
            bytes[100] ^= 1;
            chunk.bytes = Bytes::new(bytes).unwrap();
        }
    }
}

/// Says that the blob is longer than the message says.
struct Longer;

impl Lie for Longer {
    fn say(&mut self, _: &Request, answer: &mut Answer) {
        if let Ok(Response::BlobChunk(chunk)) = answer {
            chunk.length += 1;
        }
    }
}

/// Gives two pieces in each other's place.
struct Swapped;

impl Lie for Swapped {
    fn hear(&mut self, request: &mut Request) -> Option<Answer> {
        if let Request::FetchBlob(fetch) = request {
            fetch.index = match fetch.index {
                1 => 2,
                2 => 1,
                other => other,
            };
        }
        None
    }
}

/// Gives the same piece again and again.
struct Repeated;

impl Lie for Repeated {
    fn hear(&mut self, request: &mut Request) -> Option<Answer> {
        if let Request::FetchBlob(fetch) = request {
            fetch.index = fetch.index.min(1);
        }
        None
    }
}

/// Cuts a byte off.
struct Cut;

impl Lie for Cut {
    fn say(&mut self, request: &Request, answer: &mut Answer) {
        if let (Request::FetchBlob(fetch), Ok(Response::BlobChunk(chunk))) = (request, answer)
            && fetch.index > 1
        {
            let mut bytes = chunk.bytes.clone().into_vec();
            bytes.pop();
            chunk.bytes = Bytes::new(bytes).unwrap();
        }
    }
}

/// Has forgotten all blobs.
struct Forgetful;

impl Lie for Forgetful {
    fn hear(&mut self, request: &mut Request) -> Option<Answer> {
        matches!(request, Request::FetchBlob(_)).then(|| Err(Refusal::for_good(Code::NOT_FOUND)))
    }
}

/// Notes whether anybody asked for pieces on a link that names them.
struct Watching(Arc<AtomicBool>);

impl Lie for Watching {
    fn hear(&mut self, request: &mut Request) -> Option<Answer> {
        if matches!(request, Request::FetchBlob(_)) {
            self.0.store(true, Ordering::SeqCst);
        }
        None
    }
}

#[test]
fn a_relay_that_gives_other_bytes_makes_no_file() {
    let relay = relay();
    let liar = Liar::before(relay.endpoint());
    let [alice, bob] = friends_at(MSG, liar.link(), ["alice", "bob"]);
    let (from, to) = (folder(), folder());
    let file = random_file(&from.path().join("a.bin"), 300_000);
    alice.done(&["send", "bob", "--file", file.to_str().unwrap()]);
    let message = received(&bob);
    let get = ["get", id(&message)];
    liar.lies(Turned);
    let done = run_in(&bob, to.path(), &get);
    assert_eq!(done.code, Some(3), "{}", done.stderr);
    assert!(done.stderr.contains("other bytes"), "{}", done.stderr);
    liar.lies(Longer);
    assert_eq!(run_in(&bob, to.path(), &get).code, Some(3));
    liar.lies(Swapped);
    assert_eq!(run_in(&bob, to.path(), &get).code, Some(3));
    liar.lies(Repeated);
    assert_eq!(run_in(&bob, to.path(), &get).code, Some(3));
    liar.lies(Cut);
    assert_eq!(run_in(&bob, to.path(), &get).code, Some(3));
    liar.lies(Forgetful);
    let done = run_in(&bob, to.path(), &get);
    assert_eq!(done.code, Some(8), "{}", done.stderr);
    assert_eq!(names(to.path()), [""; 0], "not a byte of it is there");
    liar.is_honest();
    assert_eq!(run_in(&bob, to.path(), &get).code, Some(0));
    assert_eq!(sha256(&to.path().join("a.bin")), sha256(&file));
}

#[test]
fn receiving_fetches_no_file_that_nobody_has_asked_for() {
    let relay = relay();
    let liar = Liar::before(relay.endpoint());
    let [alice, bob] = friends_at(MSG, liar.link(), ["alice", "bob"]);
    alice.pipe(&["send", "bob", "--file", "-"], b"data");
    let asked = Arc::new(AtomicBool::new(false));
    liar.lies(Watching(Arc::clone(&asked)));
    received(&bob);
    assert!(!asked.load(Ordering::SeqCst));
}
