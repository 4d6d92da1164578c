//! The Rust side of the interoperation tests: `msg-crypto` behind the commands of
//! `tests/interop/peer.py`, one JSON object a line on stdin, one answer on stdout.
//!
//! A refusal is `{"error": reason}`. A command that makes no sense ends the process:
//! only the tests speak to it.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a tool of the tests, which stops at its first surprise"
)]

mod device;
mod fields;
mod files;
mod values;

use std::{
    error::Error,
    io::{self, BufRead as _, Write as _},
};

use msg_protocol::{key::IdentityKey, time::UnixSeconds};
use serde_json::{Value, json};

use device::Device;
use fields::Fields;

/// What a command answers. The error is a refusal.
type Answer = Result<Value, Box<dyn Error>>;

fn main() -> io::Result<()> {
    let mut device = None;
    let mut stdout = io::stdout().lock();
    for line in io::stdin().lock().lines() {
        let command = Fields::parse(&line?);
        let answer = obey(&mut device, &command)
            .unwrap_or_else(|refusal| json!({"error": refusal.to_string()}));
        writeln!(stdout, "{answer}")?;
        stdout.flush()?;
    }
    Ok(())
}

fn obey(device: &mut Option<Device>, command: &Fields) -> Answer {
    if command.text("op") == "device" {
        let now = UnixSeconds(command.number("now"));
        let made = Device::new(command.array("seed"), command.text("name"), now);
        let made = device.insert(made);
        return Ok(made.describe());
    }
    let device = device.as_mut().expect("`device` comes first");
    match command.text("op") {
        "now" => {
            device.set_now(UnixSeconds(command.number("now")));
            Ok(json!({}))
        }
        "card" => Ok(device.change_card()),
        "rotate" => {
            device.rotate();
            Ok(json!({}))
        }
        "bundle" => Ok(device.bundle(command.flag("one_time"))),
        "initiate" => device.initiate(command),
        "sending" => device.sending(command),
        "seal" => device.seal(command),
        "open" => device.open(command),
        "row_seal" => values::row(command, Some(device.rng())),
        "row_open" => values::row(command, None),
        "wrap" => values::wrap(command, device.rng()),
        "unwrap" => values::unwrap(command),
        "upload" => files::upload(command, device.rng()),
        "download" => files::download(command),
        "password" => values::credential(command),
        "safety" => Ok(values::safety(&device.identity(), &IdentityKey(command.array("identity")))),
        unknown => panic!("no command {unknown}"),
    }
}
