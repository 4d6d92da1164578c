//! Reading everything, and saying what does not fit together.
//!
//! On a connection of its own, all of it as it was at one moment, beside nodes
//! that go on. Rows come in pages; what can be counted where it lies is. Pieces
//! of blobs are not fetched. Nothing is changed.

use msg_protocol::{
    card::Card,
    id::{AccountId, DeviceId, MailboxId},
    prekey::{LastResortPrekey, OneTimePair, SignedPrekey},
    secret::SaltedHash,
    signed::Signed,
};
use tokio_postgres::Row;

use super::{
    envelope::{self, Opened},
    failure::Failure,
    line::Line,
    rights::{invite_in, right_in},
    value::{column, id_in, number_in, optional_value_in, value_in},
};
use crate::store::upkeep::Checked;

/// What does not fit, and how it is counted.
const MISFITS: [(&str, &str); 15] = [
    (
        "mailboxes that count other envelopes than they have",
        "SELECT count(*) FROM mailbox m LEFT JOIN (SELECT mbx, count(*) AS cnt, \
         sum(octet_length(body) + 128) AS bytes, sum(knock) AS knocks, max(seq) AS last \
         FROM envelope GROUP BY mbx) e ON e.mbx = m.id \
         WHERE m.cnt <> coalesce(e.cnt, 0) OR m.bytes <> coalesce(e.bytes, 0) \
         OR m.knocks <> coalesce(e.knocks, 0) OR m.last_seq < coalesce(e.last, 0)",
    ),
    (
        "envelopes in no mailbox",
        "SELECT count(*) FROM envelope e \
         WHERE NOT EXISTS (SELECT 1 FROM mailbox m WHERE m.id = e.mbx)",
    ),
    (
        "mailboxes of no device",
        "SELECT count(*) FROM mailbox m \
         WHERE NOT EXISTS (SELECT 1 FROM device d WHERE d.acct = m.acct AND d.id = m.device)",
    ),
    (
        "devices that have not one mailbox",
        "SELECT count(*) FROM device d \
         WHERE (SELECT count(*) FROM mailbox m WHERE m.acct = d.acct AND m.device = d.id) <> 1",
    ),
    (
        "devices of no account",
        "SELECT count(*) FROM device d \
         WHERE NOT EXISTS (SELECT 1 FROM account a WHERE a.id = d.acct)",
    ),
    (
        "prekeys of no device",
        "SELECT count(*) FROM prekey p \
         WHERE NOT EXISTS (SELECT 1 FROM device d WHERE d.acct = p.acct AND d.id = p.device)",
    ),
    (
        "prekeys beyond the last number of their device",
        "SELECT count(*) FROM prekey p JOIN device d ON d.acct = p.acct AND d.id = p.device \
         WHERE p.id >= d.next_pair",
    ),
    (
        "cards of no account",
        "SELECT count(*) FROM card c \
         WHERE NOT EXISTS (SELECT 1 FROM account a WHERE a.id = c.acct)",
    ),
    (
        "accounts that lack a card",
        "SELECT count(*) FROM account a LEFT JOIN (SELECT acct, count(*) AS cnt, \
         max(version) AS last FROM card GROUP BY acct) c ON c.acct = a.id \
         WHERE a.version <> coalesce(c.cnt, 0) OR a.version <> coalesce(c.last, 0)",
    ),
    (
        "rights of no account",
        "SELECT count(*) FROM knock_right k \
         WHERE NOT EXISTS (SELECT 1 FROM account a WHERE a.id = k.acct)",
    ),
    (
        "records of no account",
        "SELECT count(*) FROM record r \
         WHERE NOT EXISTS (SELECT 1 FROM account a WHERE a.id = r.acct)",
    ),
    (
        "accounts that count other records than they have",
        "SELECT count(*) FROM account a LEFT JOIN (SELECT acct, count(*) AS cnt, \
         sum(octet_length(value)) AS bytes FROM record GROUP BY acct) r ON r.acct = a.id \
         WHERE a.records_held <> coalesce(r.cnt, 0) OR a.record_bytes_held <> coalesce(r.bytes, 0)",
    ),
    (
        "blobs of no account",
        "SELECT count(*) FROM blob b \
         WHERE NOT b.going AND NOT EXISTS (SELECT 1 FROM account a WHERE a.id = b.acct)",
    ),
    (
        "accounts that count other blobs than they have",
        "SELECT count(*) FROM account a LEFT JOIN (SELECT acct, \
         sum(greatest(length, 65536)) AS bytes FROM blob WHERE NOT going GROUP BY acct) b \
         ON b.acct = a.id WHERE a.blob_bytes_held <> coalesce(b.bytes, 0)",
    ),
    (
        "pieces of no blob",
        "SELECT count(*) FROM chunk c \
         WHERE NOT EXISTS (SELECT 1 FROM blob b WHERE b.id = c.blob)",
    ),
];

/// Rows that are read one by one: what they are, how they are asked for, and
/// whether one is what was written.
struct Reading {
    what: &'static str,
    declare: &'static str,
    fetch: &'static str,
    is_whole: fn(&Row) -> Result<bool, Failure>,
}

macro_rules! reading {
    ($what:literal, $is_whole:expr, $($sql:tt)+) => {
        Reading {
            what: $what,
            declare: concat!("DECLARE ", $what, " NO SCROLL CURSOR FOR ", $($sql)+),
            fetch: concat!("FETCH 64 FROM ", $what),
            is_whole: $is_whole,
        }
    };
}

const READINGS: [Reading; 8] = [
    reading!("accounts", account, "SELECT id, name, version, card, credential, door FROM account"),
    reading!("cards", card, "SELECT acct, version, card FROM card"),
    reading!("devices", device, "SELECT id, credential, counter, signed, last_resort FROM device"),
    reading!("prekeys", prekey, "SELECT id, pair FROM prekey"),
    reading!(
        "rights",
        |row| right_in(row, 0).map(|_| true),
        "SELECT kind, hash, may_fetch, knocks, expires FROM knock_right"
    ),
    reading!(
        "invitations",
        |row| invite_in(row).map(|_| true),
        "SELECT id, hash, uses, expires, created, note FROM invite"
    ),
    reading!("mailboxes", mailbox, "SELECT id, acct, device FROM mailbox"),
    reading!("envelopes", envelope, "SELECT ", envelope::columns!(), ", mbx FROM envelope"),
];

/// Checks every row of every table.
pub(super) async fn check(line: &Line) -> Result<Checked, Failure> {
    const REST: &str = "SELECT (SELECT count(*) FROM record) + (SELECT count(*) FROM blob) \
         + (SELECT count(*) FROM chunk)";
    line.run("BEGIN ISOLATION LEVEL REPEATABLE READ, READ ONLY").await?;
    let mut checked = Checked::default();
    for (what, sql) in MISFITS {
        let row = line.row(sql, &[]).await?.ok_or(Failure::Again)?;
        fault(&mut checked, number_in(&row, 0)?, what);
    }
    for reading in READINGS {
        let damaged = read(line, &reading, &mut checked).await?;
        fault(&mut checked, damaged, &format!("damaged {}", reading.what));
    }
    let row = line.row(REST, &[]).await?.ok_or(Failure::Again)?;
    checked.rows += number_in(&row, 0)?;
    line.commit().await?;
    Ok(checked)
}

fn fault(checked: &mut Checked, count: u64, what: &str) {
    if count > 0 {
        checked.faults.push(format!("{count} {what}"));
    }
}

/// Reads a table page by page; how many rows are not what was written.
async fn read(line: &Line, reading: &Reading, checked: &mut Checked) -> Result<u64, Failure> {
    let mut damaged = 0;
    line.run(reading.declare).await?;
    loop {
        let page = line.query(reading.fetch, &[]).await?;
        if page.is_empty() {
            return Ok(damaged);
        }
        checked.rows += page.len() as u64;
        for row in &page {
            damaged += u64::from(!(reading.is_whole)(row).unwrap_or(false));
        }
    }
}

fn account(row: &Row) -> Result<bool, Failure> {
    let (id, version) = (AccountId(id_in(row, 0)?), number_in(row, 2)?);
    let (_, _): (SaltedHash, SaltedHash) = (value_in(row, 4)?, value_in(row, 5)?);
    let name: &str = column(row, 1)?;
    Ok(card_of(row, 3)?.is_some_and(|card| {
        (card.account(), u64::from(card.version)) == (id, version) && card.name.as_str() == name
    }))
}

fn card(row: &Row) -> Result<bool, Failure> {
    let (id, version) = (AccountId(id_in(row, 0)?), number_in(row, 1)?);
    let card = card_of(row, 2)?;
    Ok(card.is_some_and(|card| (card.account(), u64::from(card.version)) == (id, version)))
}

/// A card, if it is signed by its own identity.
fn card_of(row: &Row, place: usize) -> Result<Option<Card>, Failure> {
    let signed: Signed<Card> = value_in(row, place)?;
    Ok(signed.verify_by_own_identity().ok().map(|card| Card::clone(&card)))
}

fn device(row: &Row) -> Result<bool, Failure> {
    let _: ([u8; 16], SaltedHash, [u8; 8]) = (id_in(row, 0)?, value_in(row, 1)?, id_in(row, 2)?);
    let _: Option<Signed<SignedPrekey>> = optional_value_in(row, 3)?;
    let _: Option<Signed<LastResortPrekey>> = optional_value_in(row, 4)?;
    Ok(true)
}

fn prekey(row: &Row) -> Result<bool, Failure> {
    let pair: Signed<OneTimePair> = value_in(row, 1)?;
    let number = number_in(row, 0)?;
    Ok(pair.peek_unverified().is_ok_and(|pair| u64::from(pair.id.0) == number))
}

fn mailbox(row: &Row) -> Result<bool, Failure> {
    let (id, account) = (MailboxId(id_in(row, 0)?), AccountId(id_in(row, 1)?));
    Ok(id == MailboxId::of(account, DeviceId(id_in(row, 2)?)))
}

fn envelope(row: &Row) -> Result<bool, Failure> {
    let mailbox = MailboxId(id_in(row, 6)?);
    Ok(matches!(envelope::open(mailbox, row)?, Opened::Whole(_)))
}
