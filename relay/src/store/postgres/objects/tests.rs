//! Objects in a folder and in a bucket, and what can become of both.

mod server;

use std::{
    fs,
    os::unix::fs::{MetadataExt as _, PermissionsExt as _},
    path::{Path, PathBuf},
};

use url::Url;

use self::server::{Fault, Server};
use super::*;
use crate::test_folder::Folder as TestFolder;

const PLACE: [u8; 32] = [0xab; 32];
const OTHER: [u8; 32] = [0xac; 32];

/// Short enough for a test that waits for them, and long for a machine that is busy.
const SHORT: Patience = Patience {
    piece: Duration::from_secs(20),
    removal: Duration::from_secs(20),
    answer: Duration::from_secs(2),
    pause: Duration::from_millis(1),
};

fn sha256(bytes: &[u8]) -> [u8; 32] {
    Sha256::digest(bytes).into()
}

async fn put(objects: &Objects, place: [u8; 32], index: u32, bytes: &[u8]) -> Result<()> {
    objects.put(place, index, sha256(bytes), bytes.to_vec()).await
}

async fn get(objects: &Objects, place: [u8; 32], index: u32, bytes: &[u8]) -> Result<Vec<u8>> {
    objects.get(place, index, sha256(bytes)).await
}

fn in_folder(folder: &Path) -> Objects {
    let url = Url::from_file_path(folder).unwrap();
    Objects::open_with(url.as_str(), |_| None, SHORT).unwrap()
}

fn in_bucket(server: &Server) -> Objects {
    Objects::open_with(&server.url(), server::environment, SHORT).unwrap()
}

/// What holds wherever objects are.
async fn is_a_place_for_objects(objects: &Objects) {
    objects.claim([7; 32], true).await.unwrap();
    let whole = vec![5; BLOB_CHUNK_BYTES];
    put(objects, PLACE, 0, &whole).await.unwrap();
    put(objects, PLACE, 0, &whole).await.unwrap();
    put(objects, PLACE, 1, b"last").await.unwrap();
    put(objects, OTHER, 1, b"another").await.unwrap();
    assert_eq!(get(objects, PLACE, 0, &whole).await, Ok(whole.clone()));
    assert_eq!(get(objects, PLACE, 1, b"last").await, Ok(b"last".to_vec()));
    let lost = Err(StoreError::Damaged);
    assert_eq!(get(objects, PLACE, 2, b"last").await, lost, "never put");
    assert_eq!(get(objects, PLACE, 1, b"another").await, lost, "put elsewhere");

    objects.remove_all(PLACE).await.unwrap();
    objects.remove_all(PLACE).await.unwrap();
    assert_eq!(get(objects, PLACE, 0, &whole).await, lost);
    assert_eq!(get(objects, PLACE, 1, b"last").await, lost);
    assert_eq!(get(objects, OTHER, 1, b"another").await, Ok(b"another".to_vec()));
    put(objects, PLACE, 0, b"again").await.unwrap();
    assert_eq!(get(objects, PLACE, 0, b"again").await, Ok(b"again".to_vec()));
}

/// A place has one owner, and one that is not there has lost nothing.
async fn belongs_to_one_store(objects: &Objects) {
    assert!(matches!(objects.claim([7; 32], false).await, Err(ObjectsError::Foreign)));
    assert_eq!(get(objects, PLACE, 0, b"").await, Err(StoreError::Unavailable));
    objects.claim([7; 32], true).await.unwrap();
    for is_new in [false, true] {
        objects.claim([7; 32], is_new).await.unwrap();
        let other = objects.claim([8; 32], is_new).await;
        assert!(matches!(other, Err(ObjectsError::Foreign)));
    }
}

#[tokio::test]
async fn a_folder_is_a_place_for_objects() {
    let folder = TestFolder::new("objects");
    is_a_place_for_objects(&in_folder(folder.path())).await;
    let again = in_folder(folder.path());
    assert_eq!(get(&again, OTHER, 1, b"another").await, Ok(b"another".to_vec()));
}

#[tokio::test]
async fn a_bucket_is_a_place_for_objects() {
    let server = Server::start();
    is_a_place_for_objects(&in_bucket(&server)).await;
    let names = server.names();
    assert_eq!(names.len(), 3, "{names:?}");
    assert!(names.iter().all(|name| name.starts_with("part/of it/")), "{names:?}");
}

/// Beside the server of these tests: any other that `MSG_TEST_BUCKET` names, as
/// `blobs` would.
#[tokio::test]
async fn a_bucket_of_another_server_is_a_place_for_objects() {
    let Ok(url) = std::env::var("MSG_TEST_BUCKET") else {
        println!("skipped: MSG_TEST_BUCKET names no bucket");
        return;
    };
    let objects = Objects::open(&url).unwrap();
    is_a_place_for_objects(&objects).await;
    for place in [PLACE, OTHER] {
        objects.remove_all(place).await.unwrap();
    }
}

#[tokio::test]
async fn a_folder_belongs_to_one_store() {
    let folder = TestFolder::new("objects-owner");
    belongs_to_one_store(&in_folder(folder.path())).await;
}

#[tokio::test]
async fn a_bucket_belongs_to_one_store() {
    belongs_to_one_store(&in_bucket(&Server::start())).await;
}

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().mode() & 0o777
}

/// Where a piece lies.
fn file_of(folder: &Path, place: [u8; 32], index: u32, bytes: &[u8]) -> PathBuf {
    let (place, sha256) = (HEXLOWER.encode(&place), HEXLOWER.encode(&sha256(bytes)));
    folder.join(&place[..2]).join(&place).join(format!("{index}-{sha256}"))
}

#[tokio::test]
async fn a_folder_that_others_can_get_at_is_refused() {
    let above = TestFolder::new("objects-private");
    let folder = above.path().join("a").join("blobs");
    let objects = in_folder(&folder);
    put(&objects, PLACE, 0, b"piece").await.unwrap();
    let file = file_of(&folder, PLACE, 0, b"piece");
    for folder in file.ancestors().skip(1).take(3) {
        assert_eq!(mode(folder), 0o700, "{}", folder.display());
    }
    fs::set_permissions(&folder, fs::Permissions::from_mode(0o750)).unwrap();
    let url = Url::from_file_path(&folder).unwrap();
    let error = Objects::open(url.as_str()).unwrap_err();
    assert_eq!(error.hint(), Some(format!("chmod 700 {}", folder.display())));
}

#[tokio::test]
async fn what_a_crash_left_unfinished_is_never_read_and_goes_with_its_place() {
    let folder = TestFolder::new("objects-unfinished");
    let objects = in_folder(folder.path());
    objects.claim([7; 32], true).await.unwrap();
    put(&objects, PLACE, 0, b"whole").await.unwrap();
    let file = file_of(folder.path(), PLACE, 1, b"whole");
    let unfinished = PathBuf::from(format!("{}#1", file.display()));
    fs::write(&unfinished, b"who").unwrap();

    assert_eq!(get(&objects, PLACE, 1, b"whole").await, Err(StoreError::Damaged));
    put(&objects, PLACE, 1, b"whole").await.unwrap();
    assert_eq!(get(&objects, PLACE, 1, b"whole").await, Ok(b"whole".to_vec()));
    objects.remove_all(PLACE).await.unwrap();
    assert!(!file.parent().unwrap().exists());
}

#[tokio::test]
async fn a_damaged_file_is_never_given_out() {
    let folder = TestFolder::new("objects-damaged");
    let objects = in_folder(folder.path());
    put(&objects, PLACE, 0, b"piece").await.unwrap();
    let file = file_of(folder.path(), PLACE, 0, b"piece");
    for bytes in [&b"piecf"[..], b"pie", b"", &vec![1; BLOB_CHUNK_BYTES + 1]] {
        fs::write(&file, bytes).unwrap();
        assert_eq!(get(&objects, PLACE, 0, b"piece").await, Err(StoreError::Damaged));
    }
    put(&objects, PLACE, 0, b"piece").await.unwrap();
    assert_eq!(get(&objects, PLACE, 0, b"piece").await, Ok(b"piece".to_vec()));
}

#[tokio::test]
async fn a_damaged_object_is_never_given_out() {
    let server = Server::start();
    let objects = in_bucket(&server);
    put(&objects, PLACE, 0, b"piece").await.unwrap();
    for bytes in [&b"piecf"[..], b"pie", b"", &vec![1; BLOB_CHUNK_BYTES + 1]] {
        server.replace_all(bytes);
        assert_eq!(get(&objects, PLACE, 0, b"piece").await, Err(StoreError::Damaged));
    }
}

#[tokio::test]
async fn a_server_that_fails_for_a_moment_is_asked_again() {
    for fault in [Fault::Status(500), Fault::Status(503), Fault::HangUp, Fault::Cut, Fault::Silent]
    {
        let server = Server::start();
        let objects = in_bucket(&server);
        server.fail(fault, 2);
        put(&objects, PLACE, 0, b"piece").await.unwrap();
        server.fail(fault, 2);
        assert_eq!(get(&objects, PLACE, 0, b"piece").await, Ok(b"piece".to_vec()), "{fault:?}");
        assert_eq!(server.left_to_fail(), 0, "{fault:?}");
    }
}

#[tokio::test]
async fn a_server_that_goes_on_failing_is_out_of_reach() {
    let away = Err(StoreError::Unavailable);
    for fault in [Fault::Status(500), Fault::Status(403), Fault::HangUp, Fault::Cut, Fault::Silent]
    {
        let server = Server::start();
        let objects = in_bucket(&server);
        put(&objects, PLACE, 0, b"piece").await.unwrap();
        server.fail(fault, usize::MAX);
        assert_eq!(put(&objects, PLACE, 1, b"piece").await, away, "{fault:?}");
        assert_eq!(get(&objects, PLACE, 0, b"piece").await.map(|_| ()), away, "{fault:?}");
        assert_eq!(objects.remove_all(PLACE).await, away, "{fault:?}");
        let claimed = objects.claim([7; 32], true).await;
        assert!(matches!(claimed, Err(ObjectsError::Unreachable)), "{fault:?}");
        server.fail(fault, 0);
        assert_eq!(get(&objects, PLACE, 0, b"piece").await, Ok(b"piece".to_vec()), "{fault:?}");
    }
}

#[tokio::test]
async fn a_server_that_is_away_is_out_of_reach_until_it_is_back() {
    let server = Server::start();
    let objects = in_bucket(&server);
    put(&objects, PLACE, 0, b"piece").await.unwrap();
    let gone = server.stop();
    assert_eq!(put(&objects, PLACE, 1, b"piece").await, Err(StoreError::Unavailable));
    assert_eq!(get(&objects, PLACE, 0, b"piece").await, Err(StoreError::Unavailable));
    let server = gone.start();
    assert_eq!(get(&objects, PLACE, 0, b"piece").await, Ok(b"piece".to_vec()));
    drop(server);
}

#[tokio::test]
async fn a_server_without_room_is_full() {
    let server = Server::start();
    let objects = in_bucket(&server);
    server.fail(Fault::Status(507), 1);
    assert_eq!(put(&objects, PLACE, 0, b"piece").await, Err(StoreError::Full));
    assert_eq!(put(&objects, PLACE, 0, b"piece").await, Ok(()));
}

#[tokio::test]
async fn an_answer_without_end_takes_bounded_memory() {
    let server = Server::start();
    let objects = in_bucket(&server);
    put(&objects, PLACE, 0, b"piece").await.unwrap();
    server.fail(Fault::Endless, usize::MAX);
    assert_eq!(objects.remove_all(PLACE).await, Err(StoreError::Unavailable));
    // What was read, and what the system has taken for it meanwhile.
    assert!(server.endless_bytes() < 32 << 20, "{}", server.endless_bytes());
    assert_eq!(get(&objects, PLACE, 0, b"piece").await, Err(StoreError::Unavailable));
}

#[tokio::test]
async fn a_bucket_wants_to_know_who_we_are() {
    let server = Server::start();
    let wrong = |name: &str| {
        let value = server::environment(name)?;
        Some(if name == "AWS_SECRET_ACCESS_KEY" { "another".to_owned() } else { value })
    };
    let objects = Objects::open_with(&server.url(), wrong, SHORT).unwrap();
    assert_eq!(put(&objects, PLACE, 0, b"piece").await, Err(StoreError::Unavailable));
    assert!(server.names().is_empty());
    let none = Objects::open_with(&server.url(), |_| None, SHORT).unwrap_err();
    assert!(none.hint().unwrap().contains("AWS_ACCESS_KEY_ID"), "{none}");
}

#[tokio::test]
async fn removing_a_place_removes_every_page_of_it() {
    let server = Server::start();
    let objects = in_bucket(&server);
    let many = 3 * server::PAGE + 1;
    for index in 0..u32::try_from(many).unwrap() {
        put(&objects, PLACE, index, b"piece").await.unwrap();
    }
    put(&objects, OTHER, 0, b"piece").await.unwrap();
    assert_eq!(server.names().len(), many + 1);
    objects.remove_all(PLACE).await.unwrap();
    assert_eq!(server.names().len(), 1);
}

#[test]
fn limits_pieces_at_once() {
    let folder = TestFolder::new("objects-at-once");
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let _guard = runtime.enter();
    assert_eq!(in_folder(folder.path()).room.available_permits(), AT_ONCE);
}

/// A small disk of its own, which root alone can make.
struct Disk(PathBuf);

impl Disk {
    fn mount(at: &Path) -> Option<Self> {
        let mount = std::process::Command::new("mount")
            .args(["-t", "tmpfs", "-o", "size=256k,mode=700", "tmpfs"])
            .arg(at)
            .output();
        mount.is_ok_and(|output| output.status.success()).then(|| Self(at.to_owned()))
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        let _ = std::process::Command::new("umount").arg("-l").arg(&self.0).output();
    }
}

#[tokio::test]
async fn a_full_disk_is_full_and_what_is_there_stays() {
    let folder = TestFolder::new("objects-full");
    let Some(_disk) = Disk::mount(folder.path()) else {
        println!("skipped: only root can mount a small disk");
        return;
    };
    let objects = in_folder(folder.path());
    let piece = vec![3; BLOB_CHUNK_BYTES];
    let mut kept = 0;
    let end = loop {
        match put(&objects, PLACE, kept, &piece).await {
            Ok(()) => kept += 1,
            Err(error) => break error,
        }
        assert!(kept < 9, "the disk has no end");
    };
    assert_eq!(end, StoreError::Full);
    for index in 0..kept {
        assert_eq!(get(&objects, PLACE, index, &piece).await.as_ref(), Ok(&piece));
    }
    objects.remove_all(PLACE).await.unwrap();
    assert_eq!(put(&objects, OTHER, 0, &piece).await, Ok(()), "what was removed makes room");
}
