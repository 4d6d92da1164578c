//! From items to rows, with all that is counted. What is there already stays as it
//! is: a page that comes twice is counted once.
//!
//! All statements of a page are sent before the first has been answered.

use futures_util::{StreamExt as _, TryStreamExt as _, future::join_all, stream};
use msg_protocol::id::{AccountId, BlobId, DeviceId, MailboxId};
use sha2::{Digest as _, Sha256};

use crate::store::{
    Result,
    account::Account,
    portable::{DeviceItem, Item, PrekeyItem, Progress},
    postgres::{
        Postgres,
        deposit::column_of,
        envelope::Columns,
        failure::Failure,
        line::{Line, Parameters},
        pool::Change,
        value::{DAMAGED, bytes, number},
    },
    right::{KnockRight, RightId, StoredInvite},
};

/// Pieces that are put at once.
const AT_ONCE: usize = 16;

type Done = core::result::Result<(), Failure>;

/// Where the objects of a blob that is moved here lie.
fn place_of(blob: BlobId) -> [u8; 32] {
    let mut hash = Sha256::new();
    hash.update("msg-relay place of a moved blob");
    hash.update(blob.as_bytes());
    hash.finalize().into()
}

/// Puts the pieces among the items; when it returns, they are durable.
pub(super) async fn put_pieces(store: &Postgres, items: &[Item]) -> Result<()> {
    let pieces = items.iter().filter_map(|item| match item {
        Item::Chunk { blob, index, bytes } => Some((*blob, *index, bytes.to_vec())),
        _ => None,
    });
    let pieces: Vec<_> = pieces.collect();
    let puts = stream::iter(pieces).map(|(blob, index, bytes)| async move {
        let sha256 = Sha256::digest(&bytes).into();
        store.objects.put(place_of(blob), index, sha256, bytes).await
    });
    puts.buffer_unordered(AT_ONCE).try_for_each(async |()| Ok(())).await
}

/// A page, in one transaction.
pub(super) struct Import {
    pub(super) items: Vec<Item>,
    pub(super) progress: Progress,
}

impl Change for Import {
    type Outcome = ();

    async fn run(&self, line: &Line) -> Done {
        const PROGRESS: &str = "UPDATE relay SET arriving = $1";
        for sql in STATEMENTS {
            line.statement(sql).await?;
        }
        // In their order, so that what belongs to something comes after it.
        let taken = join_all(self.items.iter().map(|item| take(line, item))).await;
        taken.into_iter().collect::<Done>()?;
        line.execute(PROGRESS, &[&bytes(&self.progress)]).await?;
        Ok(())
    }
}

const FACTS: &str =
    "UPDATE relay SET secret = $1, time = $2, last_seq = $3, kept = clock_timestamp()";
const ACCOUNT: &str = "INSERT INTO account (id, name, version, card, credential, door, \
     door_before, door_until, suspended, administrator, mailbox_envelopes, mailbox_bytes, \
     blob_bytes, created) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14) \
     ON CONFLICT DO NOTHING";
const CARD: &str =
    "INSERT INTO card (acct, version, card) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING";
const DEVICE: &str = "INSERT INTO device (acct, id, credential, counter, next_pair) \
     VALUES ($1, $2, $3, $4, $5) ON CONFLICT DO NOTHING";
const MAILBOX: &str = "INSERT INTO mailbox (id, acct, device, last_seq) \
     VALUES ($1, $2, $3, (SELECT last_seq FROM relay)) ON CONFLICT DO NOTHING";
const SIGNED: &str = "UPDATE device SET signed = $3 WHERE acct = $1 AND id = $2";
const LAST_RESORT: &str = "UPDATE device SET last_resort = $3 WHERE acct = $1 AND id = $2";
const PAIR: &str = "INSERT INTO prekey (acct, device, id, pair) VALUES ($1, $2, $3, $4) \
     ON CONFLICT DO NOTHING";
const RIGHT: &str = "INSERT INTO knock_right (acct, id, kind, hash, may_fetch, knocks, expires) \
     VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT DO NOTHING";
const INVITE: &str = "INSERT INTO invite (id, hash, uses, expires, created, note) \
     VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT DO NOTHING";
const RECORD: &str = "WITH n AS (INSERT INTO record (acct, id, revision, value) \
     VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING RETURNING octet_length(value) AS counted) \
     UPDATE account SET records_held = records_held + 1, \
     record_bytes_held = record_bytes_held + n.counted FROM n WHERE account.id = $1";
const BLOB: &str = "WITH n AS (INSERT INTO blob (id, acct, length, expires, place) \
     VALUES ($1, $2, $3, $4, $5) ON CONFLICT DO NOTHING \
     RETURNING greatest(length, 65536) AS counted) \
     UPDATE account SET blob_bytes_held = blob_bytes_held + n.counted FROM n \
     WHERE account.id = $2";
const CHUNK: &str = "INSERT INTO chunk (blob, n, sha, bytes) VALUES ($1, $2, $3, $4) \
     ON CONFLICT DO NOTHING";
const ENVELOPE: &str = "WITH n AS (INSERT INTO envelope \
     (mbx, seq, msgid, expires, knock, head, body) VALUES ($1, $2, $3, $4, $5, $6, $7) \
     ON CONFLICT DO NOTHING RETURNING octet_length(body) + 128 AS counted, knock) \
     UPDATE mailbox SET cnt = cnt + 1, bytes = bytes + n.counted, knocks = knocks + n.knock, \
     last_seq = greatest(last_seq, $2) FROM n WHERE id = $1";

/// All of them, to be prepared before any is used.
const STATEMENTS: [&str; 14] = [
    FACTS,
    ACCOUNT,
    CARD,
    DEVICE,
    MAILBOX,
    SIGNED,
    LAST_RESORT,
    PAIR,
    RIGHT,
    INVITE,
    RECORD,
    BLOB,
    CHUNK,
    ENVELOPE,
];

async fn take(line: &Line, item: &Item) -> Done {
    match item {
        Item::Facts(facts) => {
            let time = facts.time.map(|time| number(time.0));
            let secret = facts.secret.as_slice();
            line.execute(FACTS, &[&secret, &time, &number(facts.sequence)]).await?;
        }
        Item::Account(account) => take_account(line, account).await?,
        Item::Card { account, version, card } => {
            let (id, version) = (account.0.as_slice(), i64::from(*version));
            line.execute(CARD, &[&id, &version, &bytes(card)]).await?;
        }
        Item::Device(device) => take_device(line, device).await?,
        Item::Prekey { account, device, prekey } => {
            take_prekey(line, *account, *device, prekey).await?;
        }
        Item::Right { account, id, right } => take_right(line, *account, *id, right).await?,
        Item::Invite { id, invite } => take_invite(line, *id, invite).await?,
        Item::Record { account, id, revision, value } => {
            let (account, id, value) = (account.0.as_slice(), id.0.as_slice(), value.as_ref());
            let value: &[u8] = value;
            line.execute(RECORD, &[&account, &id, &number(*revision), &value]).await?;
        }
        Item::Blob { account, id, length, expires } => {
            let (acct, place) = (account.0.as_slice(), place_of(*id));
            let (length, expires) = (number(*length), number(expires.0));
            let id = id.0.as_slice();
            line.execute(BLOB, &[&id, &acct, &length, &expires, &place.as_slice()]).await?;
        }
        Item::Chunk { blob, index, bytes } => {
            let sha256: [u8; 32] = Sha256::digest(&**bytes).into();
            let small = |number| i32::try_from(number).map_err(|_| DAMAGED);
            let (piece, length) =
                (i32::try_from(*index).map_err(|_| DAMAGED)?, small(bytes.len())?);
            let blob = blob.0.as_slice();
            line.execute(CHUNK, &[&blob, &piece, &sha256.as_slice(), &length]).await?;
        }
        Item::Envelope { row, forgotten } => {
            let columns = Columns::new(&row.envelope, *forgotten, row.knock);
            let (mailbox, id) = (columns.mailbox.0.as_slice(), columns.id.0.as_slice());
            let sequence = number(row.sequence);
            let parameters: Parameters<'_> = &[
                &mailbox,
                &sequence,
                &id,
                &columns.forgotten,
                &columns.knock,
                &columns.head,
                &columns.body,
            ];
            line.execute(ENVELOPE, parameters).await?;
        }
    }
    Ok(())
}

async fn take_account(line: &Line, account: &Account) -> Done {
    let version = account.card.peek_unverified().map_err(|_| DAMAGED)?.version;
    let (id, version) = (account.id.0.as_slice(), i64::from(version));
    let card = bytes(&account.card);
    let previous = account.door.previous;
    let quota = account.quota;
    let parameters: Parameters<'_> = &[
        &id,
        &account.name.as_str(),
        &version,
        &card,
        &bytes(&account.credential),
        &bytes(&account.door.current),
        &previous.map(|(hash, _)| bytes(&hash)),
        &previous.map(|(_, until)| number(until.0)),
        &account.suspended,
        &account.administrator,
        &quota.mailbox_envelopes.map(i64::from),
        &quota.mailbox_bytes.map(number),
        &quota.blob_bytes.map(number),
        &i64::from(account.created.0),
    ];
    let made = line.execute(ACCOUNT, parameters);
    let latest: Parameters<'_> = &[&id, &version, &card];
    let kept = line.execute(CARD, latest);
    futures_util::try_join!(made, kept).map(|_| ())
}

async fn take_device(line: &Line, item: &DeviceItem) -> Done {
    let mailbox = MailboxId::of(item.account, item.device);
    let (account, device) = (item.account.0.as_slice(), item.device.0.as_slice());
    let (credential, counter) = (bytes(&item.credential), item.counter.to_be_bytes());
    let next_pair = number(item.next_pair);
    let row: Parameters<'_> = &[&account, &device, &credential, &counter.as_slice(), &next_pair];
    let made = line.execute(DEVICE, row);
    let mailbox = mailbox.0.as_slice();
    let mailbox: Parameters<'_> = &[&mailbox, &account, &device];
    futures_util::try_join!(made, line.execute(MAILBOX, mailbox)).map(|_| ())
}

async fn take_prekey(
    line: &Line,
    account: AccountId,
    device: DeviceId,
    prekey: &PrekeyItem,
) -> Done {
    let (account, device) = (account.0.as_slice(), device.0.as_slice());
    match prekey {
        PrekeyItem::Signed(signed) => {
            line.execute(SIGNED, &[&account, &device, &bytes(signed)]).await?;
        }
        PrekeyItem::LastResort(signed) => {
            line.execute(LAST_RESORT, &[&account, &device, &bytes(signed)]).await?;
        }
        PrekeyItem::Pair(id, pair) => {
            line.execute(PAIR, &[&account, &device, &i64::from(id.0), &bytes(pair)]).await?;
        }
    }
    Ok(())
}

async fn take_right(line: &Line, account: AccountId, id: RightId, right: &KnockRight) -> Done {
    let parameters: Parameters<'_> = &[
        &account.0.as_slice(),
        &id.0.as_slice(),
        &column_of(right.kind),
        &bytes(&right.hash),
        &right.fetch,
        &i16::from(right.knocks),
        &number(right.expires.0),
    ];
    line.execute(RIGHT, parameters).await?;
    Ok(())
}

async fn take_invite(line: &Line, id: RightId, invite: &StoredInvite) -> Done {
    let parameters: Parameters<'_> = &[
        &id.0.as_slice(),
        &bytes(&invite.hash),
        &i64::from(invite.uses),
        &number(invite.expires.0),
        &i64::from(invite.created.0),
        &invite.note,
    ];
    line.execute(INVITE, parameters).await?;
    Ok(())
}
