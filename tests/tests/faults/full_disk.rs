//! No room: what is sent is refused and kept by its sender, what is there can be
//! collected and forgotten, and room that is back is used without a restart.
//!
//! Most tests mount a small disk of their own. Where that is not allowed they say
//! so and test nothing.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use msg_protocol::{error::Code, limits::MAX_BODY_BYTES};
use msg_tests::{relay::RelayBuilder, seed};
use rand_chacha::ChaCha20Rng;
use rustix::fs::statvfs;
use tempfile::TempDir;

use crate::scene::{Scene, relay};

const MIB: u64 = 1 << 20;
const DISK_BYTES: u64 = 64 * MIB;
/// More envelopes of the largest size than any store here may hold.
const MORE_THAN_FITS: usize = 4_000;

/// A small disk, mounted at `data` in a folder. It outlives the relay on it.
struct SmallDisk(PathBuf);

impl SmallDisk {
    /// Mounts one in the folder; says why not where that is not allowed.
    fn mount(folder: &Path) -> Option<Self> {
        let data = folder.join("data");
        fs::create_dir(&data).unwrap();
        let options = format!("size={DISK_BYTES},mode=0700");
        let mut mount = Command::new("mount");
        let mount = mount.args(["-t", "tmpfs", "-o", &options, "tmpfs"]).arg(&data);
        match mount.output() {
            Ok(output) if output.status.success() => Some(Self(data)),
            refused => {
                eprintln!("skipped: no disk can be mounted here: {refused:?}");
                None
            }
        }
    }

    fn free(&self) -> u64 {
        let found = statvfs(&self.0).unwrap();
        found.f_bavail * found.f_frsize
    }

    /// Takes all that is left; the file is to be removed again.
    fn fill_up(&self) -> PathBuf {
        use std::io::Write as _;
        let path = self.0.join("somebody-else");
        let mut file = fs::File::create(&path).unwrap();
        while file.write_all(&[7; 4_096]).is_ok() {}
        path
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        // What is mounted in a folder keeps it from being removed.
        let _ = Command::new("umount").arg("--lazy").arg(&self.0).status();
        let _ = self.0.parent().map(fs::remove_dir_all);
    }
}

fn with_limits(limits: &[&str]) -> RelayBuilder {
    limits.iter().fold(relay(), |relay, limit| relay.arg("--limit").arg(*limit))
}

/// A relay with those limits, and four people, on a small disk.
async fn small(limits: &[&str]) -> Option<(SmallDisk, Scene)> {
    let folder = TempDir::new().unwrap();
    let disk = SmallDisk::mount(folder.path())?;
    let relay = with_limits(limits).start_in(folder);
    Some((disk, Scene::with(relay, 4).await))
}

/// Sends to everybody until the relay is full; gives how many it took.
async fn fill(scene: &Scene, rng: &mut ChaCha20Rng) -> usize {
    let mut all = 0;
    for identity in &scene.people[..3] {
        all += scene.fill(identity, MAX_BODY_BYTES, 40, rng).await.0;
    }
    let last = &scene.people[3];
    loop {
        let (answered, refused) = scene.fill(last, MAX_BODY_BYTES, MORE_THAN_FITS, rng).await;
        all += answered;
        let refusal = refused.expect("the relay is full");
        assert!(refusal.keep && refusal.retry_after_s.is_some_and(|seconds| seconds > 0));
        // After a failed write the store is opened anew, which takes a moment.
        if refusal.code != Code::UNAVAILABLE {
            assert_eq!(refusal.code, Code::RELAY_FULL);
            return all;
        }
    }
}

/// All devices collect and have the relay forget; gives how many there were.
async fn drain(scene: &Scene) -> usize {
    let mut all = 0;
    for identity in &scene.people {
        all += scene.drain(identity).await;
    }
    all
}

/// Fills, drains and fills again, twice, without a restart.
async fn fill_and_drain(scene: &Scene, rng: &mut ChaCha20Rng) {
    let mut before = None;
    drain(scene).await;
    for _ in 0..3 {
        let answered = fill(scene, rng).await;
        assert!(answered > 20, "there is room for {answered}");
        assert!(drain(scene).await >= answered);
        if let Some(before) = before {
            assert!(answered * 4 > before, "room for {before}, then for {answered}");
        }
        before = Some(answered);
    }
    for identity in &scene.people {
        scene.send(identity, 4_096, 10, rng).await;
    }
    eprintln!("{:?}", scene.balance().await);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn limit_floor_bytes_stay_free_whoever_sends_and_draining_makes_room() {
    let limits = ["floor-bytes=24MiB", "floor-percent=0", "ballast-bytes=4MiB"];
    let Some((disk, scene)) = small(&limits).await else { return };
    let mut rng = seed::rng(10);
    fill(&scene, &mut rng).await;
    let free = disk.free();
    assert!((16 * MIB..32 * MIB).contains(&free), "{free} bytes are free");
    fill_and_drain(&scene, &mut rng).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn limit_floor_percent_stay_free_whoever_sends_and_draining_makes_room() {
    let limits = ["floor-bytes=0", "floor-percent=50", "ballast-bytes=4MiB"];
    let Some((disk, scene)) = small(&limits).await else { return };
    let mut rng = seed::rng(11);
    fill(&scene, &mut rng).await;
    let free = disk.free();
    assert!((24 * MIB..40 * MIB).contains(&free), "{free} bytes are free");
    fill_and_drain(&scene, &mut rng).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn limit_floor_bytes_above_what_the_disk_has_still_let_mail_be_collected() {
    let mut rng = seed::rng(12);
    let mut scene = Scene::with(with_limits(&["ballast-bytes=0"]).start(), 4).await;
    for identity in &scene.people {
        scene.send(identity, 4_096, 10, &mut rng).await;
    }
    assert!(scene.relay.stop().success());
    let roomy = scene.relay.builder().clone();
    *scene.relay.builder() = roomy.clone().arg("--limit").arg("floor-bytes=1024TiB");
    scene.relay.restart();
    // The file itself may have room for one or two.
    let answered = fill(&scene, &mut rng).await;
    assert!(answered < 10, "{answered}");
    assert_eq!(drain(&scene).await, 40 + answered);
    assert!(scene.relay.stop().success());
    *scene.relay.builder() = roomy;
    scene.relay.restart();
    fill_once(&scene, &mut rng).await;
}

async fn fill_once(scene: &Scene, rng: &mut ChaCha20Rng) {
    for identity in &scene.people {
        scene.send(identity, 4_096, 10, rng).await;
    }
    eprintln!("{:?}", scene.balance().await);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn limit_ballast_bytes_are_given_up_so_that_a_full_disk_can_be_drained() {
    let limits = ["floor-bytes=0", "floor-percent=0", "ballast-bytes=8MiB"];
    let Some((disk, mut scene)) = small(&limits).await else { return };
    let mut rng = seed::rng(13);
    let ballast = disk.0.join("ballast");
    assert_eq!(fs::metadata(&ballast).unwrap().len(), 8 * MIB);
    let answered = fill(&scene, &mut rng).await;
    assert!(ballast.exists(), "what only takes room is not worth the ballast");
    let somebody_else = disk.fill_up();
    assert!(disk.free() < 4_096);
    let mail = drain(&scene).await;
    assert!(mail >= answered);

    // There is room again, and the relay takes it: it was not restarted.
    fs::remove_file(somebody_else).unwrap();
    fill_and_drain(&scene, &mut rng).await;

    // One that is killed while its disk is full comes up and serves what it has.
    fill(&scene, &mut rng).await;
    let somebody_else = disk.fill_up();
    scene.relay.kill();
    scene.relay.restart();
    drain(&scene).await;
    fs::remove_file(somebody_else).unwrap();
    fill_and_drain(&scene, &mut rng).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn limit_store_bytes_are_not_exceeded_and_draining_makes_room() {
    let limits = ["store-bytes=24MiB", "ballast-bytes=0", "floor-bytes=0", "floor-percent=0"];
    let scene = Scene::with(with_limits(&limits).start(), 4).await;
    let mut rng = seed::rng(9);
    fill_and_drain(&scene, &mut rng).await;
    let file = fs::metadata(scene.relay.data().join("store.redb")).unwrap().len();
    assert!(file < 2 * 24 * MIB, "the file has {file} bytes");
}
