//! How much memory a process has had.

use std::{fs, process::Child, thread, time::Duration};

use crate::msg::Done;

/// The most that was resident of a process so far, in KiB; none if it has ended.
pub fn most_resident_kib(process: u32) -> Option<u64> {
    let status = fs::read_to_string(format!("/proc/{process}/status")).ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    line.split_whitespace().next()?.parse().ok()
}

/// Waits until a command has ended: what it did, and the most that was resident of
/// it, in KiB.
pub fn watched(mut child: Child) -> (Done, u64) {
    let mut most = 0;
    while child.try_wait().expect("msg ends").is_none() {
        most = most_resident_kib(child.id()).unwrap_or(0).max(most);
        thread::sleep(Duration::from_millis(5));
    }
    (Done::of(child.wait_with_output().expect("msg ends")), most)
}
