//! The layout of own prekeys in an archive. SPEC §11 "Archives".

use alloc::{
    collections::{BTreeMap, BTreeSet},
    vec::Vec,
};

use msg_protocol::{
    key::{AgreementKey, KemKey},
    prekey::PrekeyId,
    time::UnixSeconds,
};

use super::{LastResort, OneTimeSecret, OwnPrekeys, Rotating};
use crate::{
    agreement::AgreementSecret,
    archive::{ArchiveError, Reader, Writer},
    handshake::HandshakeName,
    kem::KemSecret,
    limits::{MAX_HANDSHAKES_REMEMBERED, MAX_ONE_TIME_KEPT},
};

const VERSION: u8 = 1;
/// More than the grace of 30 days can hold, even if every start made a new one.
const MAX_ROTATING: usize = 4_096;

impl OwnPrekeys {
    /// Writes the keys for storing.
    pub fn archive(&self) -> Writer {
        let mut writer = Writer::new(VERSION);
        writer.u32(self.last_id);
        writer.count(self.signed.len());
        for key in &self.signed {
            key.archive(&mut writer);
            writer.secret(&key.key.to_bytes());
            writer.bytes(key.key.public().as_bytes());
        }
        writer.count(self.last_resort.len());
        for key in &self.last_resort {
            key.archive(&mut writer);
            writer.secret(key.key.key.seed());
            writer.bytes(key.key.key.public().as_bytes());
            writer.count(key.key.seen.len());
            for name in &key.key.seen {
                writer.bytes(&name.0);
            }
        }
        writer.count(self.one_time.len());
        for (id, pair) in &self.one_time {
            writer.u32(id.0);
            writer.secret(&pair.agreement);
            writer.secret(&pair.kem);
            writer.u8(u8::from(pair.superseded.is_some()));
            if let Some(since) = pair.superseded {
                writer.u64(since.0);
            }
        }
        writer
    }

    /// Reads what [`Self::archive`] wrote.
    pub fn restore(bytes: &[u8]) -> Result<Self, ArchiveError> {
        let mut reader = Reader::new(bytes, VERSION)?;
        let last_id = reader.u32()?;
        let mut signed = Vec::new();
        for _ in 0..reader.count(MAX_ROTATING)? {
            signed.push(Rotating::restore(&mut reader, |reader| {
                let secret = reader.secret()?;
                Ok(AgreementSecret::from_parts(&secret, AgreementKey(reader.array()?)))
            })?);
        }
        let mut last_resort = Vec::new();
        for _ in 0..reader.count(MAX_ROTATING)? {
            last_resort.push(Rotating::restore(&mut reader, LastResort::restore)?);
        }
        let mut one_time = BTreeMap::new();
        for _ in 0..reader.count(MAX_ONE_TIME_KEPT)? {
            let id = PrekeyId(reader.u32()?);
            let (agreement, kem) = (reader.secret()?, reader.secret()?);
            let superseded = if reader.flag()? { Some(UnixSeconds(reader.u64()?)) } else { None };
            let pair = OneTimeSecret { agreement, kem, superseded };
            one_time.insert(id, pair);
        }
        reader.finish()?;
        Ok(Self { last_id, signed, last_resort, one_time })
    }
}

impl LastResort {
    fn restore(reader: &mut Reader<'_>) -> Result<Self, ArchiveError> {
        let seed = reader.secret()?;
        let key = KemSecret::from_parts(seed, KemKey::new(reader.array()?));
        let mut names = BTreeSet::new();
        for _ in 0..reader.count(MAX_HANDSHAKES_REMEMBERED)? {
            names.insert(HandshakeName(reader.array()?));
        }
        Ok(Self { key, seen: names })
    }
}

impl<K> Rotating<K> {
    fn archive(&self, writer: &mut Writer) {
        writer.u32(self.id.0);
        writer.u64(self.made.0);
        writer.u8(u8::from(self.superseded.is_some()));
        writer.u64(self.superseded.map_or(0, |since| since.0));
    }

    fn restore(
        reader: &mut Reader<'_>,
        key: impl FnOnce(&mut Reader<'_>) -> Result<K, ArchiveError>,
    ) -> Result<Self, ArchiveError> {
        let id = PrekeyId(reader.u32()?);
        let made = UnixSeconds(reader.u64()?);
        let is_superseded = reader.flag()?;
        let since = UnixSeconds(reader.u64()?);
        let superseded = is_superseded.then_some(since);
        Ok(Self { id, key: key(reader)?, made, superseded })
    }
}
