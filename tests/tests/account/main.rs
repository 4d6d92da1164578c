//! Accounts as a program uses them, through `msg-client`: a real relay, a store on
//! the disk, and two people who add each other and write.

#![cfg(test)]

use std::time::Duration;

use msg_client::{
    driver::{
        Client, ClientError, Policy,
        doctor::State,
        people::Who,
        register::Order,
        send::{Sending, Sent, What},
        trust::Told,
    },
    home::Home,
    rows::{Level, Standing, Trust, Whose},
    store::sealed::Store,
    transport::{DialSettings, Dialer},
    unlock::Protection,
};
use msg_crypto::password::Password;
use msg_protocol::content::Content;
use msg_tests::relay::{RelayBuilder, RelayProcess};
use tempfile::TempDir;
use tokio::task::JoinHandle;

struct Person {
    client: Client,
    _home: TempDir,
}

fn relay() -> RelayProcess {
    RelayBuilder::new(env!("CARGO_BIN_EXE_relay")).start()
}

async fn person(relay: &RelayProcess, name: &str) -> Person {
    person_with(relay, name, None).await.unwrap()
}

async fn person_with(
    relay: &RelayProcess,
    name: &str,
    password: Option<&str>,
) -> Result<Person, ClientError> {
    let folder = tempfile::tempdir().unwrap();
    let link = relay.link();
    let order = Order {
        home: Home::at(folder.path().join("msg")),
        name: name.parse().unwrap(),
        relay: link.relay.clone(),
        pin: link.pin,
        invite: None,
        password: password.map(|password| Password::new(password).unwrap()),
    };
    let dialer = Dialer::new(DialSettings::default());
    let client = Client::register(order, dialer, Policy::default()).await?;
    Ok(Person { client, _home: folder })
}

/// Alice and Bob, who have added each other.
async fn friends(relay: &RelayProcess) -> [Person; 2] {
    let [alice, bob] = [person(relay, "alice").await, person(relay, "bob").await];
    alice.add("bob").await;
    bob.add("alice").await;
    alice.client.collect().await.unwrap();
    bob.client.collect().await.unwrap();
    [alice, bob]
}

fn text(to: &str, text: &str, wanted: Level) -> Sending {
    Sending {
        to: vec![to.to_owned()],
        what: What::Text(text.as_bytes().to_vec()),
        wanted,
        timeout: Duration::from_secs(20),
        reply_to: None,
        key: None,
        expire_s: None,
    }
}

impl Person {
    async fn add(&self, name: &str) {
        self.client.add_contact(Who::Name(name.parse().unwrap()), None, None).await.unwrap();
        self.client.deliver(None).await.unwrap();
    }

    async fn send(&self, to: &str, what: &str) -> Sent {
        let sent = self.client.send(text(to, what, Level::Relay)).await.unwrap();
        sent.into_iter().next().unwrap()
    }

    /// Follows the mailbox until the task is aborted.
    fn follow(&self) -> JoinHandle<()> {
        let client = self.client.clone();
        tokio::spawn(async move {
            let mut following = client.follow_once().await.unwrap().unwrap();
            loop {
                following.next().await.unwrap();
            }
        })
    }

    async fn read(&self) -> Vec<(String, String)> {
        self.client.collect().await.unwrap();
        let unread = self.client.unread(0, Whose::Everybody, 1_000).await.unwrap();
        let numbers = unread.iter().map(|one| one.number).collect();
        self.client.mark_read(numbers).await.unwrap();
        unread
            .into_iter()
            .map(|one| match one.message.content {
                Content::Text(text) => {
                    (one.contact.name, String::from_utf8(text.bytes.to_vec()).unwrap())
                }
                other => panic!("{other:?}"),
            })
            .collect()
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_people_who_add_each_other_are_connected_and_write() {
    let relay = relay();
    let (alice, bob) = (person(&relay, "alice").await, person(&relay, "bob").await);
    alice.add("bob").await;
    bob.add("alice").await;
    alice.client.collect().await.unwrap();
    let sent = alice.send("bob", "hello").await;
    assert!(sent.is_done(), "{sent:?}");
    assert_eq!(bob.read().await, [("alice".into(), "hello".into())]);
    let sent = bob.send("alice", "hello yourself").await;
    assert!(sent.is_done(), "{sent:?}");
    assert_eq!(alice.read().await, [("bob".into(), "hello yourself".into())]);
    assert_eq!(alice.read().await, [], "read once");
    for number in 0..20 {
        alice.send("bob", &format!("a {number}")).await;
        bob.send("alice", &format!("b {number}")).await;
    }
    let expected: Vec<_> = (0..20).map(|n| ("alice".to_owned(), format!("a {n}"))).collect();
    assert_eq!(bob.read().await, expected);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_first_texts_to_a_stranger_wait_as_a_request_until_they_are_accepted() {
    let relay = relay();
    let (alice, bob) = (person(&relay, "alice").await, person(&relay, "bob").await);
    alice.add("bob").await;
    let sent = alice.send("bob", "you do not know me").await;
    assert!(sent.is_done() && sent.level == Level::Relay, "{sent:?}");
    assert_eq!(bob.read().await, [], "it waits apart");
    let people = bob.client.contacts().await.unwrap();
    assert_eq!(people.len(), 1);
    assert_eq!((people[0].row.name.as_str(), people[0].row.standing), ("alice", Standing::Request));
    assert!(people[0].row.place.is_some(), "she was found where she says that she lives");
    bob.client.accept("alice").await.unwrap();
    assert_eq!(bob.read().await, [("alice".into(), "you do not know me".into())]);
    bob.client.deliver(None).await.unwrap();
    alice.client.collect().await.unwrap();
    assert!(alice.client.contact("bob").await.unwrap().row.door.is_some(), "she may deposit");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_comes_by_a_link_is_accepted_without_asking_and_knows_whom_he_meets() {
    let relay = relay();
    let (alice, bob) = (person(&relay, "alice").await, person(&relay, "bob").await);
    let link = bob.client.contact_link(true).await.unwrap();
    let added = alice.client.add_contact(Who::Link(Box::new(link)), None, None).await.unwrap();
    assert_eq!(added.row.trust, Trust::Verified);
    let sent = alice.send("bob", "by your link").await;
    assert!(sent.is_done(), "{sent:?}");
    assert_eq!(bob.read().await, [("alice".into(), "by your link".into())]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_sender_who_waits_hears_that_it_was_delivered() {
    let relay = relay();
    let [alice, bob] = friends(&relay).await;
    let following = bob.follow();
    let sent = alice.client.send(text("bob", "are you there?", Level::Delivered)).await.unwrap();
    assert_eq!(sent[0].level, Level::Delivered, "{sent:?}");
    following.abort();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_follows_keeps_nobody_from_links_and_new_doors() {
    let relay = relay();
    let [alice, bob] = friends(&relay).await;
    let following = bob.follow();
    let before = alice.client.contact("bob").await.unwrap().row.door;
    assert!(bob.client.contact_link(true).await.unwrap().token.is_some());
    person(&relay, "carol").await.add("bob").await;
    let carol = async {
        while bob.client.block("carol").await.is_err() {
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        while alice.client.contact("bob").await.unwrap().row.door == before {
            tokio::time::sleep(Duration::from_millis(500)).await;
            alice.client.collect().await.unwrap();
        }
    };
    let told = tokio::time::timeout(Duration::from_secs(90), carol).await;
    assert!(told.is_ok(), "the relay and alice know the new door");
    following.abort();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn both_see_the_same_number_and_can_mark_each_other_as_verified() {
    let relay = relay();
    let (alice, bob) = (person(&relay, "alice").await, person(&relay, "bob").await);
    alice.add("bob").await;
    bob.add("alice").await;
    let number = alice.client.safety("bob").await.unwrap().number;
    assert_eq!(bob.client.safety("alice").await.unwrap().number, number);
    let wrong = Told::Number(number.replace(['1', '2'], "3"));
    alice.client.mark_verified("bob", &wrong).await.unwrap_err();
    let bob_now = alice.client.mark_verified("bob", &Told::Number(number)).await.unwrap();
    assert_eq!(bob_now.row.trust, Trust::Verified);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_new_password_opens_the_store_and_counts_at_the_relay() {
    let relay = relay();
    let (old, new) = ("correct horse battery", "staple and another");
    let password = |text: &str| Some(Password::new(text).unwrap());
    let person = person_with(&relay, "alice", Some(old)).await.unwrap();
    let home = person.client.store().home().clone();
    let changing = Password::new(new).unwrap();
    person.client.change_password(password(old), changing).await.unwrap();
    let opens = |text| {
        Store::unlock(home.clone(), Protection::Password(&Password::new(text).unwrap())).is_ok()
    };
    assert!(opens(new) && !opens(old));
    person.client.delete_account(password(old)).await.unwrap_err();
    person.client.delete_account(password(new)).await.unwrap();
    assert!(!home.has_store().unwrap(), "nothing is left here");
    person_with(&relay, "alice", None).await.expect("the name is free again");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_name_that_is_taken_leaves_nothing_behind() {
    let relay = relay();
    let _alice = person(&relay, "alice").await;
    let taken = person_with(&relay, "alice", None).await.err();
    assert!(matches!(taken, Some(ClientError::NameTaken(_))), "{taken:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_account_that_is_well_is_found_well() {
    let mut relay = relay();
    let alice = person(&relay, "alice").await;
    let findings = alice.client.examine().await.unwrap();
    assert!(findings.iter().all(|finding| finding.state == State::Good), "{findings:?}");
    relay.kill();
    let findings = alice.client.examine().await.unwrap();
    let bad: Vec<_> = findings.iter().filter(|finding| finding.state == State::Bad).collect();
    assert_eq!((bad.len(), bad[0].what), (1, "relay"));
}
