//! Accounts by their mailboxes, as every deposit asks for them: what is asked at
//! the same time is read by one statement.

use std::{collections::HashMap, sync::Arc, time::Duration};

use msg_protocol::id::MailboxId;
use tokio::{
    sync::{mpsc, oneshot},
    time::timeout,
};

use super::{accounts, pool::Pool};
use crate::store::{Result, StoreError, account::Account};

/// Mailboxes that one statement asks for.
const TOGETHER: usize = 128;
/// Questions that wait.
const QUEUE: usize = 8_192;

type Question = (MailboxId, oneshot::Sender<Result<Option<Account>>>);

/// Where to ask.
pub(super) struct Lookup {
    questions: mpsc::Sender<Question>,
    patience: Duration,
}

impl Lookup {
    /// Starts a task that answers until nobody can ask any more.
    pub(super) fn start(pool: &Arc<Pool>) -> Self {
        let (sender, questions) = mpsc::channel(QUEUE);
        tokio::spawn(answer(Arc::clone(pool), questions));
        Self { questions: sender, patience: pool.patience() }
    }

    /// The account that a mailbox is of.
    pub(super) async fn account_of(&self, mailbox: MailboxId) -> Result<Option<Account>> {
        let (answer, answered) = oneshot::channel();
        let wait = async {
            self.questions.send((mailbox, answer)).await.map_err(|_| StoreError::Unavailable)?;
            answered.await.unwrap_or(Err(StoreError::Unavailable))
        };
        timeout(self.patience, wait).await.unwrap_or(Err(StoreError::Unavailable))
    }
}

async fn answer(pool: Arc<Pool>, mut questions: mpsc::Receiver<Question>) {
    let mut asked = Vec::with_capacity(TOGETHER);
    while questions.recv_many(&mut asked, TOGETHER).await > 0 {
        let mut mailboxes: Vec<MailboxId> = asked.iter().map(|(mailbox, _)| *mailbox).collect();
        mailboxes.sort_unstable();
        mailboxes.dedup();
        let found = accounts::of_mailboxes(&pool, &mailboxes).await;
        let found = found.map(|found| found.into_iter().collect::<HashMap<_, _>>());
        for (mailbox, answer) in asked.drain(..) {
            // Who asked may have gone.
            let _ = answer.send(match &found {
                Ok(found) => found.get(&mailbox).cloned().transpose(),
                Err(error) => Err(*error),
            });
        }
    }
}
