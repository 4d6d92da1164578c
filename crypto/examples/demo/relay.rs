//! The relay's part, played by a list: it hands out prekeys, keeps envelopes, and
//! shows all that it sees of them.

use data_encoding::HEXLOWER;
use msg_crypto::prekey::Upload;
use msg_protocol::{
    envelope::{Envelope, EnvelopeKind},
    prekey::PrekeyBundle,
};

use crate::{Outcome, device::Device, line};

/// What a relay holds.
#[derive(Default)]
pub(crate) struct Relay {
    published: Upload,
    envelopes: Vec<Envelope>,
}

impl Relay {
    /// Takes a device's prekeys.
    pub(crate) fn publish(&mut self, device: &mut Device) -> Outcome {
        self.published = device.take_upload();
        let card = device.card.as_signed().raw().len();
        let (signed, last) = (&self.published.signed, &self.published.last_resort);
        let signed = signed.as_ref().ok_or("no signed prekey")?.raw().len();
        let last = last.as_ref().ok_or("no last-resort prekey")?.raw().len();
        line(
            "card, signed by the identity",
            &format!("{card} bytes, version {}", device.card.version),
        );
        line("signed prekey, X25519", &format!("{signed} bytes"));
        line("last-resort prekey, ML-KEM-768", &format!("{last} bytes"));
        line("one-time pairs of both", &format!("{}", self.published.one_time.len()));
        Ok(())
    }

    /// Hands out prekeys for one handshake. The pair in them goes to nobody else.
    pub(crate) fn take_bundle(&mut self, device: &Device) -> Outcome<PrekeyBundle> {
        let one_time = self.published.one_time.pop();
        Ok(PrekeyBundle {
            device: device.card.devices.first().ok_or("a card without devices")?.id(),
            signed: self.published.signed.clone().ok_or("no signed prekey")?,
            last_resort: self.published.last_resort.clone().ok_or("no last-resort prekey")?,
            one_time,
        })
    }

    /// Keeps an envelope, and shows what can be seen of it.
    pub(crate) fn deposit(&mut self, envelope: Envelope) {
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
        self.envelopes.push(envelope);
    }

    /// Hands a device what waits for it, and shows what it reads.
    pub(crate) fn collect(&mut self, device: &mut Device) -> Outcome<Vec<Envelope>> {
        let mailbox = device.mailbox();
        let (collected, kept) =
            self.envelopes.drain(..).partition(|envelope| envelope.mailbox == mailbox);
        self.envelopes = kept;
        let collected: Vec<Envelope> = collected;
        for envelope in &collected {
            let text = device.open(envelope)?;
            line(&format!("{} reads", device.name()), &shortened(&text));
        }
        Ok(collected)
    }

    /// Takes the newest envelope away.
    pub(crate) fn steal(&mut self) -> Outcome<Envelope> {
        Ok(self.envelopes.pop().ok_or("nothing to steal")?)
    }
}

/// The first line, and how much there is in all.
fn shortened(text: &str) -> String {
    match text.split_once('\n') {
        Some((first, _)) => format!("{first} … ({} bytes)", text.len()),
        None => text.into(),
    }
}
