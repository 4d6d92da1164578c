//! What a verb gave, to be compared between engines.

use crate::store::{
    account::{Account, CardPage, Changed, Creation, Device},
    blob::{BlobState, ChunkKept, StoredChunk},
    mailbox::{Appended, RowPage, Waiting},
    prekey::{PrekeyStock, Published, Taken},
    record::{Kept, RecordPage},
    right::{Added, KnockRight, RightId, StoredInvite},
    upkeep::{Holdings, StoreFigures},
};

/// Sequence numbers are compared by their order alone: there may be gaps.
#[derive(Debug, PartialEq)]
pub(crate) enum Outcome {
    Creation(Creation),
    Account(Option<Account>),
    Device(Option<Device>),
    Cards(CardPage),
    Changed(Changed),
    Counter(Option<u64>),
    Accounts(Vec<Account>),
    Published(Published),
    Taken(Option<Vec<Taken>>),
    Stock(Option<PrekeyStock>),
    Added(Added),
    Right(Option<KnockRight>),
    Tokens(Vec<(RightId, KnockRight)>),
    Done(bool),
    Invites(Vec<(RightId, StoredInvite)>),
    Appended(Appended),
    Rows(RowPage),
    Acknowledged,
    Waiting(Waiting),
    Kept(Kept),
    Records(RecordPage),
    Chunk(ChunkKept),
    Blob(Option<BlobState>),
    Piece(Option<StoredChunk>),
    /// Envelopes and blobs: how soon rights go is an engine's own choice.
    Swept(u64, u64),
    Holdings(Option<Holdings>),
    Figures(StoreFigures),
}

/// The rows by their places.
pub(crate) fn rows(mut page: RowPage) -> Outcome {
    assert!(page.rows.is_sorted_by(|one, next| one.sequence < next.sequence), "rows rise");
    for (row, place) in page.rows.iter_mut().zip(1..) {
        row.sequence = place;
    }
    Outcome::Rows(page)
}

pub(crate) fn holdings(mut holdings: Option<Holdings>) -> Outcome {
    for mailbox in holdings.iter_mut().flat_map(|holdings| &mut holdings.mailboxes) {
        let envelopes = &mut mailbox.envelopes;
        assert!(envelopes.is_sorted_by(|one, next| one.sequence < next.sequence), "they rise");
        for (envelope, place) in envelopes.iter_mut().zip(1..) {
            envelope.sequence = place;
        }
    }
    Outcome::Holdings(holdings)
}

/// But for what an engine alone knows.
pub(crate) fn figures(figures: &StoreFigures) -> Outcome {
    let StoreFigures { accounts, devices, envelopes, envelope_bytes, blobs, damaged, .. } =
        *figures;
    let compared = StoreFigures {
        accounts,
        devices,
        envelopes,
        envelope_bytes,
        blobs,
        damaged,
        ..Default::default()
    };
    Outcome::Figures(compared)
}
