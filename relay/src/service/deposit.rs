//! Deposits. Nobody is asked who he is, only by what right he comes.
//! SPEC §"Requests", *Access* and *Deposit*.

use msg_protocol::{envelope::Envelope, request::Deposit, time::UnixSeconds};

use super::{
    Service,
    access::Admitted,
    refusal::{self, Answer},
    u32_of,
};
use crate::{
    clock::{Clock, DAY_S},
    fail_point,
    quota::Deed,
    source::Source,
    store::{
        RelayTime, Store, Word,
        account::{Account, Whose},
        mailbox::{Appended, Entry, MailboxLimits, NewEnvelope},
    },
};

/// Seconds that an envelope waits at least, whatever its sender's clock, or
/// ours, says.
const SHORTEST_WAIT_S: u64 = 3_600;

impl<S: Store> Service<S> {
    pub(super) async fn deposit(&self, source: Source, deposit: Deposit) -> Answer<()> {
        fail_point::pass("deposit-received");
        let Deposit { access, ephemeral, envelope } = deposit;
        let bytes = u64::try_from(envelope.body.as_bytes().len()).unwrap_or(u64::MAX);
        self.count(source, Deed::Deposit, bytes)?;
        let account = self.store.account(Whose::Mailbox(envelope.mailbox)).await?;
        let account = account.ok_or(refusal::NOT_FOUND)?;
        let admitted = self.admit(&account, &access).await?;
        if account.suspended {
            return Err(refusal::SUSPENDED);
        }
        let entry = match admitted {
            Admitted::Nobody => return Err(refusal::WORK_REQUIRED),
            Admitted::Door => Entry::Door,
            Admitted::Knock(id, _) => Entry::Knock(id),
        };
        if ephemeral {
            return self.pass(entry, envelope);
        }
        self.figures.deposited(bytes);
        let new = NewEnvelope {
            expires: self.expiry(envelope.expires),
            limits: self.mailbox_limits(&account),
            envelope,
            entry,
        };
        appended(self.store.append(new).await?)
    }

    /// Only contacts may: a stranger must not learn whether a device is there,
    /// nor send what no knock is counted for.
    fn pass(&self, entry: Entry, envelope: Envelope) -> Answer<()> {
        if entry != Entry::Door {
            return Err(refusal::DENIED);
        }
        self.tell(Word::Pass(envelope));
        Ok(())
    }

    fn expiry(&self, wanted: UnixSeconds) -> RelayTime {
        let longest_s = self.limits().envelope_days.saturating_mul(DAY_S);
        let wait_s = match wanted.0.checked_sub(Clock::wall().0) {
            Some(wanted_s) if wanted_s > 0 => wanted_s.max(SHORTEST_WAIT_S).min(longest_s),
            // One of the two clocks is wrong, and may not cost a letter.
            _ => longest_s,
        };
        self.clock.relay_time().plus_s(wait_s)
    }

    fn mailbox_limits(&self, account: &Account) -> MailboxLimits {
        let limits = self.limits();
        let quota = account.quota;
        MailboxLimits {
            envelopes: quota.mailbox_envelopes.unwrap_or_else(|| u32_of(limits.mailbox_envelopes)),
            bytes: quota.mailbox_bytes.unwrap_or(limits.mailbox_bytes),
            knocks: u32_of(limits.knocks),
            ticket_knocks: u32_of(limits.ticket_knocks),
        }
    }
}

const fn appended(appended: Appended) -> Answer<()> {
    match appended {
        Appended::Stored | Appended::HandedOver | Appended::Duplicate => Ok(()),
        Appended::NotFound => Err(refusal::NOT_FOUND),
        Appended::MailboxFull | Appended::KnocksFull => Err(refusal::MAILBOX_FULL),
        Appended::RightSpent => Err(refusal::DENIED),
    }
}
