//! How long an envelope takes from its sender to a recipient who is there.
//!
//! Senders deposit at fixed times, whatever the relay does meanwhile; recipients
//! acknowledge each envelope as soon as it is there. Each envelope's id says when
//! it left.

use std::{
    io,
    sync::Arc,
    time::{Duration, Instant},
};

use msg_protocol::{
    id::EnvelopeId,
    request::{AcknowledgeUpTo, Credit},
};
use msg_tests::relay::{Endpoint, Identity, Peer, deposit, envelope};
use rand_chacha::ChaCha20Rng;
use rand_core::{Rng as _, SeedableRng as _};
use tokio::{sync::watch, task::JoinSet, time::sleep};

use super::{latency::Latencies, server::Ours};
use crate::output::line;

const RECIPIENTS: usize = 50;
const SENDERS: u64 = 10;
/// Between two deposits of one sender.
const PAUSE: Duration = Duration::from_millis(10);
const WARM_UP: Duration = Duration::from_secs(1);
const TIME: Duration = Duration::from_secs(6);
const SIZE: usize = 4_096;
/// Leave for that many pushes is given at a time.
const CREDIT: u16 = 512;

/// Measures, and prints a line.
pub(crate) async fn run() -> io::Result<()> {
    let ours = Ours::start(RECIPIENTS).await?;
    let begin = Instant::now();
    let (over, watching) = watch::channel(false);
    let mut recipients = JoinSet::new();
    for identity in ours.identities() {
        let link = Peer::sign_in(&ours.endpoint(), identity).await.map_err(io::Error::other)?;
        recipients.spawn(receive(link, begin, watching.clone()));
    }
    let accounts: Arc<[Identity]> = ours.identities().into();
    let mut senders = JoinSet::new();
    for number in 0..SENDERS {
        senders.spawn(send(ours.endpoint(), Arc::clone(&accounts), begin, number));
    }
    let mut sent = 0;
    while let Some(count) = senders.join_next().await {
        sent += count??;
    }
    // What has just left is still on its way.
    sleep(Duration::from_millis(500)).await;
    over.send_replace(true);
    let mut latencies = Latencies::new();
    while let Some(received) = recipients.join_next().await {
        latencies.extend(received??);
    }
    print(sent, &latencies);
    Ok(())
}

fn print(sent: usize, latencies: &Latencies) {
    let [half, most, nearly_all] = latencies.per_mille([500, 990, 999]);
    line(format!(
        "deposit to the recipient's link, {SIZE} B, {sent} in {} s, {RECIPIENTS} recipients: \
         {} came, p50 {half:.2} ms, p99 {most:.2} ms, p99.9 {nearly_all:.2} ms",
        TIME.saturating_sub(WARM_UP).as_secs(),
        latencies.count(),
    ));
}

/// Deposits until the time is over; the number of those that count.
async fn send(
    endpoint: Endpoint,
    accounts: Arc<[Identity]>,
    begin: Instant,
    number: u64,
) -> io::Result<usize> {
    let mut rng = ChaCha20Rng::seed_from_u64(number);
    let mut link = Peer::anonymous(&endpoint).await.map_err(io::Error::other)?;
    let share = PAUSE / u32::try_from(SENDERS).unwrap_or(1) * u32::try_from(number).unwrap_or(0);
    let (mut next, mut count) = (begin.elapsed() + share, 0);
    while next < TIME {
        link.linger(next.saturating_sub(begin.elapsed())).await.map_err(io::Error::other)?;
        let index = rng.next_u32() as usize % accounts.len();
        let Some(account) = accounts.get(index) else { break };
        let mut envelope = envelope(account.mailbox(), SIZE, &mut rng);
        envelope.id = stamp(begin.elapsed(), rng.next_u64());
        link.send(deposit(&account.door, &envelope)).map_err(io::Error::other)?;
        count += usize::from(next >= WARM_UP);
        next += PAUSE;
    }
    link.linger(Duration::from_millis(200)).await.map_err(io::Error::other)?;
    Ok(count)
}

/// Takes what is pushed until it is over.
async fn receive(
    mut link: Peer,
    begin: Instant,
    mut over: watch::Receiver<bool>,
) -> io::Result<Latencies> {
    let mut latencies = Latencies::new();
    link.credit(CREDIT, 0).await;
    let mut left = CREDIT;
    loop {
        let row = tokio::select! {
            row = link.arrival() => row.map_err(io::Error::other)?,
            _ = over.wait_for(|over| *over) => return Ok(latencies),
        };
        let sent = left_at(row.envelope.id);
        if sent >= WARM_UP {
            latencies.add(begin.elapsed().saturating_sub(sent));
        }
        let sequence = row.sequence;
        link.send(AcknowledgeUpTo { sequence }).map_err(io::Error::other)?;
        left -= 1;
        if left < CREDIT / 2 {
            let credit = Credit { envelopes: CREDIT / 2, after: sequence };
            link.send(credit).map_err(io::Error::other)?;
            left += CREDIT / 2;
        }
    }
}

/// An id that says when its envelope left.
fn stamp(time: Duration, random: u64) -> EnvelopeId {
    EnvelopeId(((time.as_nanos() << 64) | u128::from(random)).to_be_bytes())
}

fn left_at(id: EnvelopeId) -> Duration {
    let nanoseconds = u128::from_be_bytes(id.0) >> 64;
    Duration::from_nanos(u64::try_from(nanoseconds).unwrap_or(u64::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_says_when_it_was_made() {
        let time = Duration::from_micros(1_234_567);
        assert_eq!(left_at(stamp(time, u64::MAX)), time);
    }
}
