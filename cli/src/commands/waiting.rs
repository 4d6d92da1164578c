//! Waiting for what comes: over our own link to the mailbox, or by another process
//! that follows it.

use std::time::Duration;

use msg_client::driver::{Client, ClientError, follow::Following};
use tokio::time::{Instant, sleep, timeout_at};

use crate::failure::Failure;

/// Between two looks while another process follows the mailbox.
const LOOK: Duration = Duration::from_millis(250);
/// The longest pause before a relay that was lost is tried again.
const LONGEST_PAUSE: Duration = Duration::from_secs(30);

/// The wait of a command, round by round.
pub(crate) struct Waiting {
    client: Client,
    following: Option<Following>,
    pause: Duration,
    /// Why the relay is not reached, while it is not.
    lost: Option<String>,
    /// Whether it says that a relay was lost.
    is_verbose: bool,
}

impl Waiting {
    /// Nothing is waited for yet.
    pub(crate) fn new(client: Client, is_verbose: bool) -> Self {
        Self { client, following: None, pause: LOOK, lost: None, is_verbose }
    }

    /// Waits until something may have come, or until the deadline. A relay that was
    /// lost is tried again, after a longer pause each time.
    pub(crate) async fn round(&mut self, deadline: Option<Instant>) -> Result<(), Failure> {
        let round = self.link_round();
        let ended = match deadline {
            Some(deadline) => timeout_at(deadline, round).await,
            None => Ok(round.await),
        };
        match ended {
            Ok(Ok(())) => (self.pause, self.lost) = (LOOK, None),
            Ok(Err(error)) if is_passing(&error) => {
                self.following = None;
                self.lost = Some(error.to_string());
                if self.is_verbose {
                    Failure::from(error).say(false);
                }
                let left = deadline.map(|deadline| deadline.duration_since(Instant::now()));
                sleep(left.map_or(self.pause, |left| self.pause.min(left))).await;
                self.pause = (self.pause * 2).min(LONGEST_PAUSE);
            }
            Ok(Err(error)) => return Err(error.into()),
            Err(_) => {}
        }
        Ok(())
    }

    /// Why the relay is not reached, if it is not.
    pub(crate) fn lost(self) -> Option<String> {
        self.lost
    }

    async fn link_round(&mut self) -> Result<(), ClientError> {
        if let Some(link) = &mut self.following {
            link.next().await?;
            return Ok(());
        }
        self.following = self.client.follow_once().await?;
        if self.following.is_none() {
            sleep(LOOK).await;
        }
        Ok(())
    }
}

/// Whether a relay that was lost may come back.
pub(crate) fn is_passing(error: &ClientError) -> bool {
    matches!(error, ClientError::Link(error) if error.is_passing())
}
