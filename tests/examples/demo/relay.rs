//! The relay's part, played by the relay: the program itself, as a process on a
//! folder of its own, spoken to over TLS by nothing but its public protocol.

use std::process::Command;

use data_encoding::HEXLOWER;
use msg_protocol::{
    bounded::List,
    envelope::{Envelope, EnvelopeKind},
    limits::MAX_PAIRS_PER_REQUEST,
    prekey::PrekeyBundle,
    request::{Access, Deposit, FetchPrekeys, PublishPrekeys},
    response::{Response, Row},
};
use msg_tests::relay::{Peer, RelayBuilder, RelayProcess};
use tokio::runtime::Runtime;

use crate::{Outcome, device::Device, line};

/// A relay that runs.
pub(crate) struct Relay {
    program: String,
    process: RelayProcess,
    runtime: Runtime,
}

impl Relay {
    /// Starts the program at that path.
    pub(crate) fn start(program: String) -> Outcome<Self> {
        let process = RelayBuilder::new(&program).start();
        line("msg-relay listens on", &process.endpoint().address.to_string());
        line("and shows the TLS key with pin", &process.endpoint().pin.to_string());
        Ok(Self { program, process, runtime: Runtime::new()? })
    }

    /// Makes a device's account.
    pub(crate) fn register(&self, device: &Device) -> Outcome {
        self.anonymously(device.registration()).map(drop)
    }

    /// Takes a device's prekeys.
    pub(crate) fn publish(&self, device: &mut Device) -> Outcome {
        let upload = device.take_upload();
        let card = device.card.as_signed().raw().len();
        line(
            "card, signed by the identity",
            &format!("{card} bytes, version {}", device.card.version),
        );
        line("one-time pairs of both kinds", &format!("{}", upload.one_time.len()));
        let mut publish = PublishPrekeys {
            signed: upload.signed,
            last_resort: upload.last_resort,
            one_time: List::empty(),
            replace: true,
        };
        self.runtime.block_on(async {
            let mut link = Peer::sign_in_with(&self.process.endpoint(), device.sign_in()).await?;
            for pairs in upload.one_time.chunks(MAX_PAIRS_PER_REQUEST) {
                publish.one_time = List::new(pairs.to_vec())?;
                link.request(publish.clone()).await?;
                publish.replace = false;
            }
            Ok(())
        })
    }

    /// Hands out prekeys for one handshake. The pair in them goes to nobody else.
    pub(crate) fn take_bundle(&self, device: &Device) -> Outcome<PrekeyBundle> {
        let fetch = FetchPrekeys {
            account: device.card.account(),
            devices: List::empty(),
            access: Access::Door(device.door.clone()),
        };
        let Response::Bundles(bundles) = self.anonymously(fetch)? else {
            return Err("no answer to a fetch".into());
        };
        Ok(bundles.bundles.into_vec().pop().ok_or("no prekeys")?)
    }

    /// Deposits an envelope over a link on which nobody signs in, and shows what
    /// can be seen of it.
    pub(crate) fn deposit(&self, to: &Device, envelope: Envelope) -> Outcome {
        let kind = match envelope.kind {
            EnvelopeKind::Handshake => "handshake",
            EnvelopeKind::Session => "session",
        };
        let bytes = envelope.body.as_bytes();
        let start = HEXLOWER.encode(bytes.get(..12).unwrap_or(bytes));
        let mailbox = HEXLOWER.encode(envelope.mailbox.as_bytes().get(..4).unwrap_or(&[]));
        line(
            "the relay sees",
            &format!("for {mailbox}…  {kind:<9}  {} bytes  {start}…", bytes.len()),
        );
        let access = Access::Door(to.door.clone());
        self.anonymously(Deposit { access, ephemeral: false, envelope }).map(drop)
    }

    /// Hands a device what waits for it, and shows what it reads.
    pub(crate) fn collect(&self, device: &mut Device) -> Outcome<Vec<Envelope>> {
        let collected = self.take_all(device)?;
        for envelope in &collected {
            let text = device.open(envelope)?;
            line(&format!("{} reads", device.name()), &shortened(&text));
        }
        Ok(collected)
    }

    /// Takes a device's newest envelope, unread.
    pub(crate) fn steal(&self, device: &Device) -> Outcome<Envelope> {
        Ok(self.take_all(device)?.pop().ok_or("nothing to steal")?)
    }

    /// Ends the process without a word, and starts it on the same folder.
    pub(crate) fn crash(&mut self) {
        self.process.kill();
        self.process.restart();
    }

    /// Prints all that the relay holds of a device's account.
    pub(crate) fn inspect(&self, device: &Device) -> Outcome {
        let mut command = Command::new(&self.program);
        command.arg("--data").arg(self.process.data()).args(["inspect", device.name()]);
        let output = command.output()?;
        for text in String::from_utf8(output.stdout)?.lines() {
            println!("   {text}");
        }
        if output.status.success() { Ok(()) } else { Err("inspect failed".into()) }
    }

    fn anonymously(&self, request: impl Into<msg_protocol::request::Request>) -> Outcome<Response> {
        self.runtime.block_on(async {
            let mut link = Peer::anonymous(&self.process.endpoint()).await?;
            Ok(link.request(request).await?)
        })
    }

    fn take_all(&self, device: &Device) -> Outcome<Vec<Envelope>> {
        self.runtime.block_on(async {
            let mut link = Peer::sign_in_with(&self.process.endpoint(), device.sign_in()).await?;
            let rows = link.collect_all().await;
            if let Some(Row { sequence, .. }) = rows.last() {
                link.acknowledge(*sequence).await;
            }
            Ok(rows.into_iter().map(|row| row.envelope).collect())
        })
    }
}

/// The first line, and how much there is in all.
fn shortened(text: &str) -> String {
    match text.split_once('\n') {
        Some((first, _)) => format!("{first} … ({} bytes)", text.len()),
        None => text.into(),
    }
}
