//! One connection: frames in order, each way, late or cut off.

use std::{
    collections::{BTreeMap, VecDeque},
    sync::{Arc, Mutex},
    time::Duration,
};

use msg_protocol::{
    frame::{ClientFrame, ServerFrame},
    push::Push,
    request::Request,
    response::Response,
};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _, DuplexStream, ReadHalf, WriteHalf, split},
    sync::Notify,
    time::{Instant, sleep, sleep_until},
};

use super::{LOOK, Lies, Net};
use crate::machine::{Host, below, chance, note};

/// The two ends that a connection is between.
pub(super) struct Ends {
    pub(super) near: DuplexStream,
    pub(super) far: DuplexStream,
    pub(super) from: Host,
    pub(super) to: Host,
}

/// What is under way in one direction.
#[derive(Default)]
struct Lane {
    frames: Mutex<VecDeque<(Instant, Vec<u8>, Fate)>>,
    changed: Notify,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fate {
    Arrives,
    /// So much of it arrives, in thousandths, and then the connection is gone.
    Cut(u64),
    /// The last: there will be no more.
    End,
}

/// The connection has been cut.
struct Cut;

/// Carries frames until the connection ends.
pub(super) async fn carry(net: Arc<Net>, ends: Ends, lies: Arc<Mutex<Lies>>) {
    let Ends { near, far, from, to } = ends;
    let (mut from_client, mut to_client) = split(near);
    let (mut from_relay, mut to_relay) = split(far);
    let (up, down) = (Lane::default(), Lane::default());
    let deposits = Mutex::new(BTreeMap::new());
    let asks = async {
        while let Some(body) = next(&mut from_client).await {
            let frame = ClientFrame::decode(&body).expect("a client speaks the protocol");
            let (frame, instead) = lies.lock().unwrap().hear(frame);
            if let Some(instead) = instead {
                down.put(&net, instead.encode().unwrap());
                continue;
            }
            if let ClientFrame::Request(id, Request::Deposit(deposit)) = &frame {
                net.see(&deposit.envelope);
                if !deposit.ephemeral {
                    let place = (deposit.envelope.mailbox, deposit.envelope.id);
                    deposits.lock().unwrap().insert(*id, place);
                }
            }
            up.put(&net, frame.encode().unwrap());
        }
        up.end();
    };
    let answers = async {
        while let Some(body) = next(&mut from_relay).await {
            let frame = ServerFrame::decode(&body).expect("a relay speaks the protocol");
            match &frame {
                ServerFrame::Response(id, Response::Done(_)) => {
                    if let Some(place) = deposits.lock().unwrap().remove(id) {
                        net.is_kept(to, place);
                    }
                }
                ServerFrame::Response(_, Response::Collected(page)) => {
                    page.rows.iter().for_each(|row| net.is_given(to, &row.envelope));
                }
                ServerFrame::Push(Push::Arrived(arrived)) => {
                    net.is_given(to, &arrived.row.envelope);
                }
                _ => {}
            }
            let said = lies.lock().unwrap().say(frame);
            for frame in said {
                down.put(&net, frame.encode().unwrap());
            }
        }
        down.end();
    };
    let carried = async {
        tokio::select! {
            biased;
            _ = up.deliver(&net, (from, to), &mut to_relay) => {}
            _ = down.deliver(&net, (to, from), &mut to_client) => {}
        }
    };
    tokio::select! {
        biased;
        () = carried => {}
        () = async { tokio::join!(asks, answers); std::future::pending().await } => {}
    }
}

impl Lane {
    fn put(&self, net: &Net, frame: Vec<u8>) {
        note(&frame);
        let weather = net.weather();
        let late = Duration::from_millis(below(weather.latency_ms + 1));
        let fate = if chance(weather.cuts) { Fate::Cut(below(1_001)) } else { Fate::Arrives };
        self.frames.lock().unwrap().push_back((Instant::now() + late, frame, fate));
        self.changed.notify_one();
    }

    fn end(&self) {
        self.frames.lock().unwrap().push_back((Instant::now(), Vec::new(), Fate::End));
        self.changed.notify_one();
    }

    /// Hands over what is under way, in order. Ends only if the connection is cut, or
    /// its end has been handed over and the other side has had time to end too.
    async fn deliver(
        &self,
        net: &Net,
        between: (Host, Host),
        to: &mut WriteHalf<DuplexStream>,
    ) -> Cut {
        loop {
            let first = self.frames.lock().unwrap().pop_front();
            let Some((at, frame, fate)) = first else {
                self.changed.notified().await;
                continue;
            };
            sleep_until(at).await;
            while net.is_parted(between.0, between.1) {
                sleep(LOOK).await;
            }
            let arrives = match fate {
                Fate::Arrives => frame.len(),
                Fate::Cut(part) => frame.len() * usize::try_from(part).unwrap() / 1_000,
                Fate::End => {
                    drop(to.shutdown().await);
                    sleep(Duration::from_secs(10)).await;
                    return Cut;
                }
            };
            if to.write_all(&frame[..arrives]).await.is_err() || fate != Fate::Arrives {
                return Cut;
            }
        }
    }
}

/// The body of the next frame; `None` when there are no more.
async fn next(stream: &mut ReadHalf<DuplexStream>) -> Option<Vec<u8>> {
    let length = stream.read_u32().await.ok()?;
    let mut body = vec![0; length as usize];
    stream.read_exact(&mut body).await.ok()?;
    Some(body)
}
