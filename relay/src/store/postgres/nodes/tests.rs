//! What nodes say to each other, and what each looks up by itself.

use std::sync::Mutex;

use msg_protocol::{
    envelope::{Body, Envelope, EnvelopeKind},
    id::EnvelopeId,
    time::UnixSeconds,
};

use super::*;
use crate::store::{
    Accounts as _,
    account::{AccountChange, Changed, Creation},
    conformance::laboratory::{BOB, CAROL, NOW, Person},
    postgres::tests::in_database::InDatabase,
};

const NODE: [u8; 8] = [1; 8];

fn mailbox(number: u32) -> MailboxId {
    let mut id = [0; 16];
    id[..4].copy_from_slice(&number.to_be_bytes());
    MailboxId(id)
}

#[test]
fn an_arrival_is_said_once_and_every_note_fits() {
    let words = (0..2_000).map(|number| Word::Arrived(mailbox(number % 1_000)));
    let notes = pack(NODE, words);
    assert!(notes.iter().all(|note| note.len() <= MAX_NOTE));
    let heard: Vec<Word> = notes.iter().flat_map(|note| unpack(note).unwrap().1).collect();
    assert_eq!(heard.len(), 1_000);
    assert!(notes.len() < 6);
}

#[test]
fn an_envelope_that_fits_into_no_note_never_waits_for_one() {
    let (words, mut waiting) = mpsc::channel(WAITING);
    let wake: Arc<dyn Wake> = Arc::new(Here(Vec::new(), Mutex::default()));
    let neighbours = Neighbours { wake, words, node: NODE };
    let pass = |bytes| {
        Word::Pass(Envelope {
            mailbox: mailbox(1),
            id: EnvelopeId([2; 16]),
            kind: EnvelopeKind::Session,
            expires: UnixSeconds(u64::MAX),
            body: Body::new(vec![9; bytes]).unwrap(),
        })
    };
    for bytes in [65_536, 8_192, 4_096] {
        neighbours.tell(pass(bytes));
    }
    let told = waiting.try_recv().unwrap();
    assert_eq!(told, pass(4_096), "the larger ones would be kept for nothing");
    assert!(waiting.try_recv().is_err());
    let notes = pack(NODE, [pass(65_536), told.clone()].into_iter());
    assert_eq!(unpack(&notes[0]).unwrap().1, [told]);
}

#[test]
fn garbage_says_nothing() {
    assert!(unpack("").is_none());
    assert!(unpack("!").is_none());
    assert!(unpack(&"A".repeat(MAX_NOTE + 1)).is_none());
    let cut = BASE64_NOPAD.encode(&[&NODE[..], &[0, 9, 1]].concat());
    assert!(unpack(&cut).is_none());
}

/// Who is here, and who was said to be doubtful.
struct Here(Vec<MailboxId>, Mutex<Vec<MailboxId>>);

impl Wake for Here {
    fn wake(&self, _: MailboxId) {}

    fn hear(&self, _: Word) {}

    fn here(&self) -> Vec<MailboxId> {
        self.0.clone()
    }

    fn doubt(&self, mailbox: MailboxId) {
        self.1.lock().unwrap().push(mailbox);
    }
}

/// Another node has said that a device must go, and nobody heard.
#[tokio::test]
async fn whoever_may_not_stay_is_found_without_a_word() {
    let Some(place) = InDatabase::found() else { return };
    let store = place.node().await.unwrap();
    let people: [Person; 3] = [Person(3), BOB, CAROL];
    for person in people {
        let created = store.create_account(person.registration(), NOW).await;
        assert_eq!(created, Ok(Creation::Created));
    }
    let here = Here(people.map(|person| person.mailbox(0)).to_vec(), Mutex::default());
    let here = Arc::new(here);
    let (neighbours, _) = Neighbours::none(Arc::<Here>::clone(&here));
    let line = store.pool.dialer().dial(None).await.unwrap();
    poll(&line, &neighbours, &mut HashMap::new()).await.unwrap();
    assert_eq!(*here.1.lock().unwrap(), [], "all may stay");

    let suspended = AccountChange::Suspended(true);
    assert_eq!(store.change_account(BOB.id(), None, suspended).await, Ok(Changed::Done));
    assert_eq!(store.delete_account(CAROL.id(), None).await, Ok(Changed::Done));
    poll(&line, &neighbours, &mut HashMap::new()).await.unwrap();
    assert_eq!(*here.1.lock().unwrap(), [BOB.mailbox(0), CAROL.mailbox(0)]);
}
