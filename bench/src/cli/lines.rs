//! Lines from a pipe, as fast as they come.

use std::{
    collections::BTreeSet,
    io::{self, Write as _},
    path::Path,
    process::Stdio,
    thread,
    time::Instant,
};

use super::{people, relay};
use crate::{output::line, relay::folder};

/// As many as `yes | head -n 100000` writes.
const LINES: u32 = 100_000;
const LINE: &str = "2026-01-02T03:04:05Z app[123]: request 4711 took 12 ms";

/// Measures and prints.
pub(super) fn run(msg: &Path) -> io::Result<()> {
    let relay = relay(&folder::program_folder()?.join("msg-relay"))?;
    let [alice, bob] = people(msg, &relay)?;
    let start = Instant::now();
    let mut sending = alice.command(&["send", "bob", "--lines", "--quiet"]);
    let mut sending = sending.stdin(Stdio::piped()).stdout(Stdio::null()).spawn()?;
    let pipe = sending.stdin.take();
    let writer = thread::spawn(move || {
        let Some(pipe) = pipe else { return Ok(()) };
        let mut pipe = io::BufWriter::new(pipe);
        (0..LINES).try_for_each(|number| writeln!(pipe, "{LINE} {number}"))?;
        pipe.flush()
    });
    let status = sending.wait()?;
    let seconds = start.elapsed().as_secs_f64();
    writer.join().map_err(|_| io::Error::other("the writer panicked"))??;
    if !status.success() {
        return Err(io::Error::other(format!("msg send --lines gave {status}")));
    }
    let start = Instant::now();
    let received = bob.json(&["recv"]);
    let reading = start.elapsed().as_secs_f64();
    let bodies: BTreeSet<&str> = received.iter().filter_map(|one| one["body"].as_str()).collect();
    line(format!(
        "msg send bob --lines         {:>9.0} lines a second (the aim is 10,000)",
        f64::from(LINES) / seconds
    ));
    line(format!("msg recv of them             {:>9.0}", f64::from(LINES) / reading));
    line(format!(
        "of {LINES} lines {} arrived, {} of them different",
        received.len(),
        bodies.len()
    ));
    Ok(())
}
