//! People at a relay that lies, and what they say when they are asked.

use msg_tests::{
    msg::{self, Done, Person},
    relay::{Endpoint, Identity, Liar, Peer, RelayBuilder, RelayProcess},
};
use serde_json::Value;
use tokio::runtime::Runtime;

pub(crate) const MSG: &str = env!("CARGO_BIN_EXE_msg");

/// Two days: longer than anything waits before it is sealed anew.
pub(crate) const LATER_S: i64 = 2 * 86_400;

/// A relay and what stands before it. Everybody's link leads to the liar.
pub(crate) struct Scene {
    pub(crate) liar: Liar,
    pub(crate) relay: RelayProcess,
}

impl Scene {
    pub(crate) fn new() -> Self {
        let relay = RelayBuilder::new(env!("CARGO_BIN_EXE_relay")).start();
        Self { liar: Liar::before(relay.endpoint()), relay }
    }

    /// Somebody with an account here.
    pub(crate) fn person(&self, name: &str) -> Person {
        Person::registered_at(MSG, name, self.liar.link())
    }

    /// Two people who have added each other.
    pub(crate) fn friends(&self, names: [&str; 2]) -> [Person; 2] {
        msg::friends_at(MSG, self.liar.link(), names)
    }

    /// An account here that signs whatever a test wants.
    pub(crate) fn identity(&self, seed: u64, name: &str) -> Identity {
        let mut identity = Identity::random(seed).named(name);
        let endpoint = self.endpoint();
        wait(async {
            Peer::register(&endpoint, &identity).await.unwrap();
            let mut link = Peer::sign_in(&endpoint, &identity).await.unwrap();
            link.request(identity.prekeys(1)).await.unwrap();
        });
        identity
    }

    pub(crate) fn endpoint(&self) -> Endpoint {
        self.relay.endpoint()
    }
}

/// Runs what asks the real relay.
pub(crate) fn wait<T>(what: impl Future<Output = T>) -> T {
    Runtime::new().unwrap().block_on(what)
}

/// That a command ended so, and said so.
#[track_caller]
pub(crate) fn assert_ends(done: &Done, code: i32, said: &str) {
    assert_eq!(done.code, Some(code), "{}{}", done.text(), done.stderr);
    assert!(done.stderr.contains(said), "{said:?} is not in {:?}", done.stderr);
}

/// What is said of a contact, if there is one of that name.
pub(crate) fn contact(person: &Person, name: &str) -> Option<Value> {
    person.json(&["contacts", "--all"]).into_iter().find(|contact| contact["name"] == name)
}

/// How far the person trusts a contact.
pub(crate) fn trust(person: &Person, name: &str) -> String {
    let contact = contact(person, name).expect("there is such a contact");
    contact["trust"].as_str().unwrap().to_owned()
}

/// A field of what `msg status` says.
pub(crate) fn status(person: &Person, field: &str) -> u64 {
    person.json(&["status"])[0][field].as_u64().unwrap()
}

/// The person's fingerprint, as they show it to others.
pub(crate) fn fingerprint(person: &Person) -> String {
    person.json(&["whoami"])[0]["fingerprint"].as_str().unwrap().to_owned()
}

/// How far the texts got that are on their way.
pub(crate) fn outbox(person: &Person) -> Vec<String> {
    let level = |row: Value| row["level"].as_str().unwrap().to_owned();
    person.json(&["outbox"]).into_iter().map(level).collect()
}
