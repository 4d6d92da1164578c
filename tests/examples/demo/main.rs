//! Two devices, and a relay that can read nothing: what works today, step by step.
//!
//! The keys, the envelopes and the refusals are made while you look. The relay is the
//! program itself, in a process of its own, reached over TLS. The devices stand in for
//! a client. `cargo xtask demo` runs it.
#![allow(clippy::print_stdout, reason = "it is there to be read")]

mod device;
mod relay;

use std::{env, error::Error, time::SystemTime};

use device::Device;
use msg_crypto::safety::SafetyValues;
use msg_protocol::{envelope::Envelope, time::UnixSeconds};
use relay::Relay;

type Outcome<T = ()> = Result<T, Box<dyn Error>>;

fn main() -> Outcome {
    let since_1970 = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH)?;
    let now = UnixSeconds(since_1970.as_secs());
    let mut alice = Device::new("alice", now)?;
    let mut bob = Device::new("bob", now)?;

    title(1, "A relay starts: one command, no configuration.");
    let program = env::args().nth(1).ok_or("which program is the relay?")?;
    let mut relay = Relay::start(program)?;

    title(2, "Bob's device makes an account, leaves its prekeys, and goes away.");
    relay.register(&alice)?;
    relay.register(&bob)?;
    relay.publish(&mut bob)?;

    title(3, "Alice's device writes to it. It has never met it, and it is not there.");
    let bundle = relay.take_bundle(&bob)?;
    alice.begin(&bob, bundle)?;
    for text in ["The backup is done: 412 GiB in 31 minutes.", "Two files were skipped."] {
        relay.deposit(&bob, alice.seal(&bob, text)?)?;
    }

    title(4, "What the relay holds of Bob: all of it.");
    relay.inspect(&bob)?;

    title(5, "The relay is killed, and started again. Bob's device comes back.");
    relay.crash();
    let first_flight = relay.collect(&mut bob)?;

    title(6, "They talk. Each turn brings new X25519 and ML-KEM-768 keys.");
    for text in ["Which ones?", "And how much room is left on the disk?"] {
        relay.deposit(&alice, bob.seal(&alice, text)?)?;
    }
    relay.collect(&mut alice)?;
    relay.deposit(&bob, alice.seal(&bob, "ok")?)?;
    let long = "/var/lib/postgresql/17/main/base/…\n".repeat(40);
    relay.deposit(&bob, alice.seal(&bob, &long)?)?;
    let answers = relay.collect(&mut bob)?;

    title(7, "Somebody tries their luck.");
    refused("the first envelope once more", &mut bob, first_flight.first())?;
    refused("an answer once more", &mut bob, answers.first())?;
    relay.deposit(&bob, alice.seal(&bob, "This one gets hurt on its way.")?)?;
    let hurt = relay.steal(&bob)?;
    refused("one bit of 32,768 turned over", &mut bob, Some(&turn_a_bit(&hurt)?))?;
    line("the same, unhurt", &bob.open(&hurt)?);

    title(8, "A thief copies Bob's session. One round trip later the copy opens nothing.");
    let mut thief = bob.steal_session()?;
    let mut last = String::new();
    for (from_bob, from_alice) in [("Good night.", "Good night, Bob."), ("Until then.", "Bye.")] {
        relay.deposit(&alice, bob.seal(&alice, from_bob)?)?;
        relay.collect(&mut alice)?;
        relay.deposit(&bob, alice.seal(&bob, from_alice)?)?;
        let answer = relay.collect(&mut bob)?.pop().ok_or("no answer")?;
        last = show_refusal(thief.open(answer.kind, &answer.body, now))?;
    }
    line("the thief tries both answers", &last);

    title(9, "Alice and Bob compare a number, by voice: nobody stands between them.");
    show_safety_number(&alice, &bob)?;
    show_safety_number(&bob, &alice)?;
    Ok(())
}

fn title(number: u8, text: &str) {
    println!("\n{number}. {text}");
}

fn line(what: &str, text: &str) {
    println!("   {what:<32} {text}");
}

/// Shows how a device refuses an envelope.
fn refused(what: &str, device: &mut Device, envelope: Option<&Envelope>) -> Outcome {
    let opened = device.open(envelope.ok_or("no envelope to try with")?);
    line(what, &show_refusal(opened)?);
    Ok(())
}

/// The refusal in words. An envelope that opens, and should not, ends the demo.
fn show_refusal<T>(opened: Result<T, impl std::fmt::Display>) -> Outcome<String> {
    match opened {
        Ok(_) => Err("an envelope was opened that must not be".into()),
        Err(error) => Ok(format!("refused: {error}")),
    }
}

/// What `own`'s screen shows, from the cards that it holds.
fn show_safety_number(own: &Device, peer: &Device) -> Outcome {
    let number =
        SafetyValues::between(&own.card.identity, &peer.card.identity).number().to_string();
    let (first, second) = number.split_at_checked(number.len() / 2).ok_or("a short number")?;
    line(&format!("on {}'s screen", own.name()), first.trim());
    line("", second.trim());
    Ok(())
}

fn turn_a_bit(envelope: &Envelope) -> Outcome<Envelope> {
    let mut bytes = envelope.body.as_bytes().to_vec();
    *bytes.get_mut(3_000).ok_or("a short body")? ^= 1;
    Ok(Envelope { body: msg_protocol::envelope::Body::new(bytes)?, ..envelope.clone() })
}
