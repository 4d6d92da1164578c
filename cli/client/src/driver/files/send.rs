//! Sending a file: sealed, posted, brought to our relay, and then delivered like
//! any message. A command that is killed in between is taken up by the same words,
//! or by any later command that looks after the outbox.

use std::time::Duration;

use msg_crypto::file::Extent;
use msg_protocol::{
    bounded::Str,
    content::{Confirm, File},
    id::MessageId,
};
use tokio::time::Instant;

use super::{
    FileError, Progress, Source,
    addressees::{people, rows_of},
    seal::{self, Plain, Sealed},
    shelf::Shelf,
    source::Opened,
    upload::is_passing,
};
use crate::{
    driver::{
        Client, ClientError,
        deliver::Delivery,
        now,
        send::{ContentFor, Sent, due_for, post_all},
    },
    engine::{
        account::{self, Own},
        files::{self, Addressees, Upload},
    },
    link::Link,
    rows::{Level, Stamp, UploadRow},
    world::{Random, aside},
};

/// A file to be sent.
pub struct FileSending {
    /// To whom, by name or address.
    pub to: Vec<String>,
    /// What.
    pub source: Source,
    /// What it is called, if not as it is here.
    pub name: Option<String>,
    /// Whether it is a text that is too long for an envelope.
    pub as_text: bool,
    /// How far it has to get.
    pub wanted: Level,
    /// How long that may take, once our relay has the file.
    pub timeout: Duration,
    /// The message that it answers.
    pub reply_to: Option<MessageId>,
    /// What was sent under it before is not sent again.
    pub key: Option<String>,
    /// Seconds after reading until it is to go.
    pub expire_s: Option<u32>,
}

/// What became of a file.
#[derive(Debug, Clone)]
pub struct FileSent {
    /// How far it got, recipient by recipient.
    pub rows: Vec<Sent>,
    /// What it is called.
    pub name: String,
    /// Its bytes, if it was sealed.
    pub length: Option<u64>,
    /// Days that our relay keeps it, if it was asked.
    pub days: Option<u16>,
}

impl Client {
    /// Sends a file.
    pub async fn send_file(
        &self,
        sending: FileSending,
        progress: &Progress,
    ) -> Result<FileSent, ClientError> {
        let FileSending { to, source, name, as_text, wanted, timeout, .. } = sending;
        let FileSending { reply_to, key, expire_s, .. } = sending;
        let mut opened = Opened::open(source)?;
        if let Some(name) = name {
            opened.name = files::name::safe_name(&name);
        }
        let is_confirmed = wanted > Level::Relay;
        let told = Told { as_text, reply_to, is_confirmed, key, expire_s };
        let mut sent =
            FileSent { rows: Vec::new(), name: opened.name.clone(), length: None, days: None };
        let (people, before) = self.begun_before(&to, &opened, reply_to).await?;
        if people.is_empty() {
            // Whoever was asked for, nobody is to get it: the rows say why.
            let post = self.step(move |draft, rng| {
                let own = Own::load(&draft)?;
                let rows = post_all(&draft, to, None, &own, &[], Confirm::Later, rng)?;
                Ok(draft.step(rows))
            });
            sent.rows = post.await?;
            return Ok(sent);
        }
        let link = match self.own_link().await {
            Ok(link) => Some(link),
            // It waits until the relay is there.
            Err(error) if is_passing(&error) => None,
            Err(error) => return Err(error),
        };
        sent.days = link.as_ref().map(|link| link.welcome().terms.blob_days);
        let upload = if let Some(upload) = before {
            sent.rows = self.waiting_rows(&to, &upload).await?;
            upload
        } else {
            let posted = self.post_sealed(to, opened, &told, link.as_ref(), progress).await?;
            sent.rows = posted.0;
            posted.1
        };
        if upload.waiting.is_empty() {
            // All of it was sent before under that key, and may wait for its upload yet.
            self.bring_uploads(progress).await?;
        }
        sent.length = upload.file.as_ref().map(|file| file.length);
        if let Err(error) = self.upload(&upload, link, progress).await {
            let ClientError::Link(error) = error else { return Err(error) };
            if !error.is_passing() {
                return Err(error.into());
            }
            let failures = sent.rows.iter().filter_map(|row| Some((row.account?, error.clone())));
            let delivery = Delivery::failed(failures.collect());
            self.judge(&mut sent.rows, &delivery).await?;
            return Ok(sent);
        }
        let rows = sent.rows.clone();
        let due = self.section(move |draft, rng| due_for(draft, &rows, rng)).await?;
        let deadline = Instant::now() + timeout;
        sent.rows = self.see_through(sent.rows, due, wanted, deadline).await?;
        Ok(sent)
    }

    /// Who is meant, and whether that very file is on its way to them already.
    async fn begun_before(
        &self,
        to: &[String],
        opened: &Opened,
        reply_to: Option<MessageId>,
    ) -> Result<(Addressees, Option<Upload>), ClientError> {
        let (to, stamp, name) = (to.to_vec(), opened.stamp, opened.name.clone());
        self.look(move |rows| {
            let people = people(rows, Own::load(rows)?.id(), &to)?;
            let before = match stamp {
                Some(stamp) => files::begun_before(rows, stamp, &name, reply_to, &people)?,
                None => None,
            };
            Ok((people, before))
        })
        .await
    }

    /// The rows of messages that wait for an upload.
    async fn waiting_rows(&self, to: &[String], upload: &Upload) -> Result<Vec<Sent>, ClientError> {
        let (to, waiting) = (to.to_vec(), upload.waiting.clone());
        self.look(move |rows| {
            let mut sent = Vec::new();
            for name in to {
                sent.extend(rows_of(rows, &name, &waiting)?);
            }
            Ok(sent)
        })
        .await
    }

    /// Seals a source and posts the messages that wait for its upload.
    async fn post_sealed(
        &self,
        to: Vec<String>,
        opened: Opened,
        told: &Told,
        link: Option<&Link>,
        progress: &Progress,
    ) -> Result<(Vec<Sent>, Upload), ClientError> {
        let limit = link.map(|link| link.welcome().terms.blob_bytes);
        if limit == Some(0) {
            return Err(FileError::NoFiles.into());
        }
        if let Some(length) = opened.length {
            let payload = Extent::padded(length).map_err(|_| FileError::TooLong)?.payload();
            if let Some(limit) = limit.filter(|limit| payload > *limit) {
                return Err(FileError::TooLarge { limit }.into());
            }
        }
        let (name, stamp) = (opened.name.clone(), opened.stamp);
        let sealed = self.seal(opened, limit, progress).await?;
        let (relay, pin) = self
            .look(|rows| {
                let own = account::row(rows)?;
                Ok((own.address.relay.clone(), own.pin))
            })
            .await?;
        let file = File {
            relay,
            pin,
            capability: sealed.capability.clone(),
            key: sealed.key.clone(),
            hash: sealed.hash,
            length: sealed.extent.content(),
            padded: sealed.extent.plaintext(),
            name: Str::new(name).map_err(|_| FileError::TooLong)?,
            as_text: told.as_text,
            reply_to: told.reply_to,
            expire_s: told.expire_s,
            image: sealed.image.filter(|_| !told.as_text),
        };
        let posted = self.post_file(to, file, &sealed, told, stamp).await;
        if posted.as_ref().map_or(true, |(rows, _)| !rows.iter().any(is_new)) {
            sealed.held.remove();
        }
        posted
    }

    async fn seal(
        &self,
        mut opened: Opened,
        limit: Option<u64>,
        progress: &Progress,
    ) -> Result<Sealed, ClientError> {
        let (rack, progress) = (Shelf::of(self.store.home())?, progress.clone());
        let sealing = aside(move || {
            let plain = Plain {
                source: &mut opened.source,
                what: opened.what,
                expected: opened.length,
                limit,
            };
            seal::seal(&rack, plain, &progress, &mut Random)
        });
        sealing.await.map_err(|_| ClientError::Panicked)?
    }

    /// The payload stays held until its row is there, lest it be swept away.
    async fn post_file(
        &self,
        to: Vec<String>,
        file: File,
        sealed: &Sealed,
        told: &Told,
        source: Option<Stamp>,
    ) -> Result<(Vec<Sent>, Upload), ClientError> {
        let blob = sealed.blob();
        let row = UploadRow {
            payload: sealed.extent.payload(),
            source,
            is_kept: told.as_text,
            begun: now(),
            is_unwanted: false,
        };
        let confirm = if told.is_confirmed { Confirm::AtOnce } else { Confirm::Later };
        let kept = row.clone();
        let key = told.key.clone();
        self.step(move |draft, rng| {
            let own = Own::load(&draft)?;
            let content: ContentFor = Box::new(move |_| file.clone().into());
            let rows = post_all(&draft, to, key.as_deref(), &own, &[content], confirm, rng)?;
            let none = Upload { blob, row: kept.clone(), waiting: Vec::new(), file: None };
            if !rows.iter().any(is_new) {
                return Ok(draft.step((rows, none)));
            }
            files::begin(&draft, blob, &kept);
            let begun = files::uploads(&draft)?.into_iter().find(|upload| upload.blob == blob);
            Ok(draft.step((rows, begun.unwrap_or(none))))
        })
        .await
    }
}

/// Whether something was posted that was not under way before.
fn is_new(row: &Sent) -> bool {
    !row.is_repeated && !row.messages.is_empty()
}

/// What goes with a file.
struct Told {
    as_text: bool,
    reply_to: Option<MessageId>,
    is_confirmed: bool,
    key: Option<String>,
    expire_s: Option<u32>,
}
