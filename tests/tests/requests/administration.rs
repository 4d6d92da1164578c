//! What an administrator may over a link of their own, and what nobody else may:
//! strangers, those who were dismissed a moment ago, and thieves of a device.

use std::process::{Command, Stdio};

use msg_protocol::{
    error::Code,
    frame::ServerFrame,
    id::InviteId,
    link::Closure,
    request::{
        CountPrekeys, CreateInvite, DeleteUser, FetchCards, ListInvites, ListUsers, Request,
        RevokeInvite, SetQuota, ShowUser, SuspendUser,
    },
    secret::AccountCredential,
    version::LinkKind,
};
use msg_tests::relay::{Identity, Peer, PeerError};

use crate::scene::{Scene, answer, code};

impl Scene {
    /// What the operator says at the relay's socket.
    fn operate(&self, words: &[&str]) -> String {
        let data = self.relay.data();
        let mut command = Command::new(env!("CARGO_BIN_EXE_relay"));
        command.arg("--data").arg(data).args(words).stdin(Stdio::null());
        let output = command.output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    }

    /// Somebody with an account that the operator has named an administrator.
    async fn administrator(&self, seed: u64) -> Identity {
        let identity = self.register(seed).await;
        self.operate(&["admin", "add", identity.name.as_str()]);
        identity
    }
}

fn create() -> CreateInvite {
    CreateInvite { uses: 1, days: 30, note: "for carol".try_into().unwrap() }
}

fn suspend(whom: &Identity, suspended: bool) -> SuspendUser {
    SuspendUser { name: whom.name.clone(), suspended }
}

fn delete(whom: &Identity, by: &Identity) -> DeleteUser {
    DeleteUser { name: whom.name.clone(), credential: by.account_credential.clone() }
}

fn quota(whom: &Identity) -> SetQuota {
    SetQuota {
        name: whom.name.clone(),
        default: false,
        mailbox_envelopes: Some(5),
        mailbox_bytes: None,
        blob_bytes: None,
    }
}

/// One of each request of an administrator.
fn each(whom: &Identity, by: &Identity) -> Vec<Request> {
    vec![
        create().into(),
        ListInvites { after: None }.into(),
        RevokeInvite { id: InviteId([0; 32]) }.into(),
        ListUsers { after: None }.into(),
        ShowUser { name: whom.name.clone() }.into(),
        suspend(whom, true).into(),
        quota(whom).into(),
        delete(whom, by).into(),
    ]
}

async fn all_are_refused(link: &mut Peer, whom: &Identity, by: &Identity, with: Code) {
    for request in each(whom, by) {
        let kind = request.kind();
        assert_eq!(code(link.request(request).await), with, "request {kind}");
    }
}

#[tokio::test]
async fn an_administrator_lets_people_in_and_lists_revokes_and_limits() {
    let scene = Scene::start();
    let (alice, bob) = (scene.administrator(1).await, scene.register(2).await);
    let mut link = scene.sign_in(&alice).await;

    let made = answer!(link, create(), InviteMade);
    let out = answer!(link, ListInvites { after: None }, Invites);
    assert_eq!((out.invites.len(), out.more, out.invites[0].id), (1, false, made.id));
    assert_eq!(&*out.invites[0].note, "for carol");
    assert_eq!(answer!(link, ListInvites { after: Some(made.id) }, Invites).invites.len(), 0);
    answer!(link, RevokeInvite { id: made.id }, Done);
    assert_eq!(code(link.request(RevokeInvite { id: made.id }).await), Code::NOT_FOUND);

    let users = answer!(link, ListUsers { after: None }, Users).users;
    let names: Vec<_> = users.iter().map(|user| (&user.name, user.administrator)).collect();
    assert_eq!(names, [(&alice.name, true), (&bob.name, false)]);
    let set = answer!(link, quota(&bob), User).quota;
    assert!(set.mailbox_envelopes.own && set.mailbox_envelopes.value == 5);
    assert!(!set.mailbox_bytes.own);
    let shown = answer!(link, ShowUser { name: bob.name.clone() }, User);
    assert_eq!((shown.quota, shown.id), (set, bob.account()));

    let mut his = scene.sign_in(&bob).await;
    answer!(link, suspend(&bob, true), Done);
    let closed = his.closed().await;
    assert!(
        matches!(closed, PeerError::Closed(Closure::Closing(reason))
        if reason.code == Code::SUSPENDED),
        "{closed}"
    );
    assert_eq!(scene.refused_sign_in(bob.sign_in(2)).await.code, Code::SUSPENDED);
    answer!(link, suspend(&bob, false), Done);
    scene.sign_in(&bob).await;
    answer!(link, delete(&bob, &alice), Done);
    assert_eq!(scene.refused_sign_in(bob.sign_in(3)).await.code, Code::DENIED);
    assert_eq!(code(link.request(ShowUser { name: bob.name }).await), Code::NOT_FOUND);
}

#[tokio::test]
async fn the_invitation_of_an_administrator_is_good_for_as_many_as_it_says() {
    let scene = Scene::with_registration("invited");
    let first = scene.relay.link().invite.clone();
    let alice = Identity::random(1);
    let mut stranger = scene.anonymous().await;
    stranger.request(alice.registration(first)).await.unwrap();
    scene.operate(&["admin", "add", alice.name.as_str()]);
    let made = answer!(scene.sign_in(&alice).await, create(), InviteMade);
    let [bob, carol] = [Identity::random(2), Identity::random(3)];
    stranger.request(bob.registration(Some(made.invite.clone()))).await.unwrap();
    let second = stranger.request(carol.registration(Some(made.invite))).await;
    assert_eq!(code(second), Code::DENIED);
}

#[tokio::test]
async fn who_is_no_administrator_is_refused_each_request_and_nothing_happens() {
    let scene = Scene::start();
    let (bob, mallory) = (scene.register(1).await, scene.register(2).await);
    let mut link = scene.sign_in(&mallory).await;
    all_are_refused(&mut link, &bob, &mallory, Code::NOT_ALLOWED).await;
    // Names that exist and such that do not look alike.
    let nobody = ShowUser { name: "nobody".parse().unwrap() };
    assert_eq!(code(link.request(nobody).await), Code::NOT_ALLOWED);
    scene.sign_in(&bob).await;
    let listed = scene.operate(&["users", "list"]);
    assert!(!listed.contains("suspended") && !listed.contains("admin"), "{listed}");
    assert!(scene.operate(&["invite", "list"]).contains("no invitations"));
}

#[tokio::test]
async fn an_anonymous_link_takes_no_request_of_an_administrator() {
    let scene = Scene::start();
    let alice = scene.administrator(1).await;
    let mut frames = scene.frames(LinkKind::Anonymous).await;
    for request in each(&alice, &alice) {
        let answered = frames.ask(request).await;
        assert!(
            matches!(answered, ServerFrame::Refusal(_, refusal)
            if refusal.code == Code::WRONG_LINK),
            "{answered:?}"
        );
    }
}

#[tokio::test]
async fn who_is_dismissed_is_none_at_once_on_an_open_link_too() {
    let scene = Scene::start();
    let (alice, bob) = (scene.administrator(1).await, scene.register(2).await);
    let mut link = scene.sign_in(&alice).await;
    answer!(link, create(), InviteMade);
    assert!(scene.operate(&["admin", "list"]).contains(alice.name.as_str()));
    scene.operate(&["admin", "remove", alice.name.as_str()]);
    all_are_refused(&mut link, &bob, &alice, Code::NOT_ALLOWED).await;
    answer!(link, CountPrekeys {}, PrekeysLeft);
    assert_eq!(scene.operate(&["admin", "list"]), "no administrators\n");
}

#[tokio::test]
async fn a_suspended_administrator_has_no_link_and_gets_no_other() {
    let scene = Scene::start();
    let alice = scene.administrator(1).await;
    let mut link = scene.sign_in(&alice).await;
    scene.operate(&["users", "suspend", alice.name.as_str()]);
    let closed = link.closed().await;
    assert!(
        matches!(closed, PeerError::Closed(Closure::Closing(reason))
        if reason.code == Code::SUSPENDED),
        "{closed}"
    );
    assert_eq!(scene.refused_sign_in(alice.sign_in(2)).await.code, Code::SUSPENDED);
}

#[tokio::test]
async fn a_stolen_device_ends_nobodys_account_and_shuts_no_administrator_out() {
    let scene = Scene::start();
    let (alice, carol) = (scene.administrator(1).await, scene.administrator(2).await);
    let bob = scene.register(3).await;
    // The thief has what the device keeps, and not the account credential.
    let mut thief = scene.sign_in(&alice).await;
    let guess = AccountCredential::new([9; 32]);
    let guessed = DeleteUser { name: bob.name.clone(), credential: guess };
    assert_eq!(code(thief.request(guessed).await), Code::DENIED);
    let foreign = delete(&bob, &bob);
    assert_eq!(code(thief.request(foreign).await), Code::DENIED, "the victim's own is no key");
    for whom in [&carol, &alice] {
        assert_eq!(code(thief.request(suspend(whom, true)).await), Code::NOT_ALLOWED);
        assert_eq!(code(thief.request(quota(whom)).await), Code::NOT_ALLOWED);
        assert_eq!(code(thief.request(delete(whom, &alice)).await), Code::NOT_ALLOWED);
    }
    scene.sign_in(&bob).await;
    scene.sign_in(&carol).await;
}

#[tokio::test]
async fn an_administrator_reads_of_others_no_more_than_counts_and_sizes() {
    let mut scene = Scene::start();
    let (alice, bob) = (scene.administrator(1).await, scene.register(2).await);
    let mut stranger = scene.anonymous().await;
    stranger.deposit(bob.mailbox(), &bob.door, 4_096, &mut scene.rng).await.unwrap();
    let mut link = scene.sign_in(&alice).await;
    let shown = answer!(link, ShowUser { name: bob.name.clone() }, User);
    assert_eq!((shown.envelopes, shown.devices), (1, 1));
    // The directory is for links that name nobody, to administrators as to all.
    let cards = FetchCards { name: bob.name.clone(), from: None };
    let answered = scene.signed_in_frames(&alice).await.ask(cards).await;
    assert!(
        matches!(answered, ServerFrame::Refusal(_, refusal)
        if refusal.code == Code::WRONG_LINK),
        "{answered:?}"
    );
    let inspected = scene.operate(&["inspect", bob.name.as_str(), "--json"]);
    for said in [bob.name.as_str(), &shown.id.to_string(), "\"envelopes\":1"] {
        assert!(inspected.contains(said), "{said} is not in: {inspected}");
    }
}

#[tokio::test]
async fn the_mark_goes_with_the_account_and_not_with_the_name() {
    let scene = Scene::start();
    let alice = scene.administrator(1).await;
    scene.operate(&["users", "delete", alice.name.as_str(), "--yes"]);
    let heir = Identity::random(7).named(alice.name.as_str());
    Peer::register(&scene.endpoint(), &heir).await.unwrap();
    let mut link = scene.sign_in(&heir).await;
    assert_eq!(code(link.request(create()).await), Code::NOT_ALLOWED);
}

#[tokio::test]
async fn bounds_of_an_invitation_hold_and_so_does_the_relays_limit_of_them() {
    let scene = Scene::with_limits(&["invites=1"]);
    let alice = scene.administrator(1).await;
    let mut link = scene.sign_in(&alice).await;
    for (uses, days) in [(0, 1), (1, 0), (1_000_001, 1), (1, 3_651)] {
        let wrong = CreateInvite { uses, days, ..create() };
        assert_eq!(code(link.request(wrong).await), Code::BAD_REQUEST);
    }
    answer!(link, create(), InviteMade);
    assert_eq!(code(link.request(create()).await), Code::QUOTA);
}

#[tokio::test]
async fn lists_come_in_pages_that_leave_nothing_out() {
    let scene = Scene::start();
    let alice = scene.administrator(1).await;
    for seed in 2..=40 {
        scene.register(seed).await;
    }
    let mut link = scene.sign_in(&alice).await;
    let first = answer!(link, ListUsers { after: None }, Users);
    assert_eq!((first.users.len(), first.more), (32, true));
    let after = first.users.last().map(|user| user.name.clone());
    let second = answer!(link, ListUsers { after }, Users);
    assert_eq!((second.users.len(), second.more), (8, false));
    for _ in 0..70 {
        answer!(link, create(), InviteMade);
    }
    let first = answer!(link, ListInvites { after: None }, Invites);
    assert_eq!((first.invites.len(), first.more), (64, true));
    let after = first.invites.last().map(|invite| invite.id);
    assert_eq!(answer!(link, ListInvites { after }, Invites).invites.len(), 6);
}
