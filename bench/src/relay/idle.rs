//! What a link costs that is signed in and silent: resident memory of the relay
//! before and after many have been opened.

use std::{fs, io, time::Duration};

use msg_protocol::request::Ping;
use msg_tests::relay::{Identity, Peer};
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use tokio::{task::JoinSet, time::sleep};

use super::server::Ours;
use crate::output::{line, talk};

/// As many as are wanted.
const LINKS: u64 = 15_000;
/// Descriptors that this program and the relay need beside links.
const OTHERS: u64 = 500;
/// Links that are opened at a time.
const AT_A_TIME: usize = 32;
const SETTLING: Duration = Duration::from_secs(3);

/// Measures, and prints a line.
pub(crate) async fn run() -> io::Result<()> {
    let count = links()?;
    let mut ours = Ours::start(usize::try_from(count).unwrap_or(0)).await?;
    // What the registrations have left behind is not to be counted.
    ours.process().stop();
    ours.process().restart();
    sleep(SETTLING).await;
    let before = resident(ours.process().id())?;
    let mut links = open(&ours).await?;
    sleep(SETTLING).await;
    let after = resident(ours.process().id())?;
    for link in links.iter_mut().step_by(100) {
        link.request(Ping {}).await.map_err(io::Error::other)?;
    }
    #[expect(clippy::cast_precision_loss, reason = "a mean need not be exact")]
    let each = after.saturating_sub(before) as f64 / count as f64;
    line(format!(
        "idle links that are signed in: {count}; resident memory of the relay from {} to {} MiB: \
         {each:.1} KiB each",
        before / 1024,
        after / 1024,
    ));
    Ok(())
}

/// How many this process may open.
fn links() -> io::Result<u64> {
    let Rlimit { maximum, .. } = getrlimit(Resource::Nofile);
    setrlimit(Resource::Nofile, Rlimit { current: maximum, maximum })?;
    let most = maximum.map_or(LINKS, |maximum| maximum.saturating_sub(OTHERS));
    if most < LINKS {
        talk(&format!("no more than {most} links: a process may not have more descriptors here"));
    }
    Ok(LINKS.min(most))
}

async fn open(ours: &Ours) -> io::Result<Vec<Peer>> {
    let (mut links, mut tasks) = (Vec::new(), JoinSet::new());
    for identity in ours.identities() {
        if tasks.len() == AT_A_TIME
            && let Some(link) = tasks.join_next().await
        {
            links.push(link??);
        }
        tasks.spawn(sign_in(ours.endpoint(), identity.clone()));
    }
    while let Some(link) = tasks.join_next().await {
        links.push(link??);
    }
    Ok(links)
}

async fn sign_in(endpoint: msg_tests::relay::Endpoint, identity: Identity) -> io::Result<Peer> {
    let mut link = Peer::sign_in(&endpoint, &identity).await.map_err(io::Error::other)?;
    link.credit(16, 0).await;
    Ok(link)
}

/// Resident memory of a process, in KiB.
fn resident(process: u32) -> io::Result<u64> {
    let status = fs::read_to_string(format!("/proc/{process}/status"))?;
    let text = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let number = text.and_then(|text| text.split_whitespace().next()?.parse().ok());
    number.ok_or_else(|| io::Error::other("the relay's memory cannot be read"))
}
