//! Whose commit or statement it is: the account that it names, by a device on the
//! very card that it names. SPEC §"Groups".

use super::{GroupAccept, GroupCommit};
use crate::{
    card::{Card, CardRef},
    id::{AccountId, DeviceId},
    key::SigningKey,
    signed::{Signable, Signed, Verified, VerifyError},
};

/// Why a commit or statement is nobody's word. The fault of who sent it, unless
/// it was held against another card than the one it names.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum AuthorError {
    /// The card is of another account than its author's.
    #[error("author has another account than the card")]
    OtherAccount,
    /// The card is of the author, but not the version that it names.
    #[error("author names another card")]
    OtherCard,
    /// The card does not list the device.
    #[error("author's device is not on the author's card")]
    DeviceNotOnCard,
    /// The device did not sign it.
    #[error(transparent)]
    Verify(#[from] VerifyError),
}

/// Who says that he has signed.
struct Author {
    account: AccountId,
    card: CardRef,
    device: DeviceId,
}

impl Signed<GroupCommit> {
    /// Checks that the account it names has made it. Whether that account may, and
    /// whether that card still counts, is another question.
    pub fn verify_by_author(
        self,
        card: &Verified<Card>,
    ) -> Result<Verified<GroupCommit>, AuthorError> {
        let commit = self.peek_unverified().map_err(VerifyError::from)?;
        let GroupCommit { author: account, card: named, device, .. } = commit;
        verify(self, &Author { account, card: named, device }, card)
    }
}

impl Signed<GroupAccept> {
    /// Checks that the account it names has made it.
    pub fn verify_by_author(
        self,
        card: &Verified<Card>,
    ) -> Result<Verified<GroupAccept>, AuthorError> {
        let accept = self.peek_unverified().map_err(VerifyError::from)?;
        let author = Author { account: accept.account, card: accept.card, device: accept.device };
        verify(self, &author, card)
    }
}

fn verify<T: Signable<Signer = SigningKey>>(
    signed: Signed<T>,
    author: &Author,
    card: &Verified<Card>,
) -> Result<Verified<T>, AuthorError> {
    if author.account != card.account() {
        return Err(AuthorError::OtherAccount);
    }
    if author.card != card.reference() {
        return Err(AuthorError::OtherCard);
    }
    let device = card.device(author.device).ok_or(AuthorError::DeviceNotOnCard)?;
    Ok(signed.verify(&device.signing)?)
}
