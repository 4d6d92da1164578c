//! Takes orders from the socket, a few at a time, each on a connection of its
//! own: one line in, some lines out, and the end.

use std::{io, sync::Arc, time::Duration};

use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{
        UnixStream,
        unix::{OwnedReadHalf, OwnedWriteHalf},
    },
    sync::watch,
    task::JoinSet,
    time::{sleep, timeout},
};

use super::{
    desk::Desk,
    error::OrderError,
    order::{MAX_ORDER_BYTES, NoOrder, Order},
    report::Report,
    socket::Socket,
};
use crate::store::Store;

/// Orders at a time; further ones wait to be taken.
const MAX_ORDERS: usize = 16;
/// In which an order must be there, whole.
const ORDER_TIME: Duration = Duration::from_secs(10);
/// In which the asker must take a piece of the answer.
const WRITE_TIME: Duration = Duration::from_secs(30);
/// What is written at once.
const PIECE_BYTES: usize = 16 * 1024;
/// After a connection that could not be taken.
const BACK_OFF: Duration = Duration::from_millis(200);

/// Serves until `stop` is true, then lets what is under way end for as long as
/// links may.
pub(crate) async fn serve<S: Store>(
    socket: Socket,
    desk: Desk<S>,
    mut stop: watch::Receiver<bool>,
) {
    let desk = Arc::new(desk);
    let mut orders = JoinSet::new();
    loop {
        tokio::select! {
            biased;
            () = told(&mut stop) => break,
            Some(_) = orders.join_next() => {}
            accepted = socket.accept(), if orders.len() < MAX_ORDERS => match accepted {
                Ok(stream) => {
                    orders.spawn(answer(stream, Arc::clone(&desk)));
                }
                Err(_) => sleep(BACK_OFF).await,
            },
        }
    }
    drop(socket);
    let patience = Duration::from_secs(desk.drain_s());
    let end = async { while orders.join_next().await.is_some() {} };
    if timeout(patience, end).await.is_err() {
        orders.shutdown().await;
    }
}

/// Ends when `stop` is true, or nobody is left to make it so.
async fn told(stop: &mut watch::Receiver<bool>) {
    let _ = stop.wait_for(|stop| *stop).await;
}

/// Whoever gives no order in time gets no answer either.
async fn answer<S: Store>(stream: UnixStream, desk: Arc<Desk<S>>) {
    let (from, to) = stream.into_split();
    let mut reports = Reports { to, piece: String::new() };
    let order = match timeout(ORDER_TIME, read(from)).await {
        Ok(Ok(line)) => Order::read(&line).map_err(OrderError::from),
        Ok(Err(error)) => Err(error),
        Err(_) => return,
    };
    let done = match order {
        Ok(order) => desk.carry_out(order, &mut reports).await,
        Err(error) => Err(error),
    };
    let last = match done {
        Ok(()) => Report::End,
        Err(error) => Report::Error {
            code: error.code().to_owned(),
            message: error.to_string(),
            hint: error.hint().map(str::to_owned),
        },
    };
    // An asker who is gone misses nothing.
    let _ = reports.end(&last).await;
}

/// One line, without its end.
async fn read(mut from: OwnedReadHalf) -> Result<Vec<u8>, OrderError> {
    let mut line = Vec::new();
    let mut bytes = [0; 1_024];
    loop {
        let count = from.read(&mut bytes).await?;
        let new = bytes.get(..count).unwrap_or_default();
        let end = new.iter().position(|byte| *byte == b'\n');
        line.extend_from_slice(new.get(..end.unwrap_or(count)).unwrap_or_default());
        if line.len() > MAX_ORDER_BYTES {
            return Err(NoOrder::Bound.into());
        }
        if end.is_some() || count == 0 {
            return Ok(line);
        }
    }
}

/// Where reports are written.
pub(super) struct Reports {
    to: OwnedWriteHalf,
    piece: String,
}

impl Reports {
    /// Writes one, now or with those that follow.
    pub(super) async fn put(&mut self, report: &Report) -> Result<(), OrderError> {
        self.piece.push_str(&report.to_line().map_err(io::Error::other)?);
        if self.piece.len() < PIECE_BYTES {
            return Ok(());
        }
        self.write().await
    }

    async fn end(&mut self, last: &Report) -> Result<(), OrderError> {
        self.put(last).await?;
        self.write().await
    }

    async fn write(&mut self) -> Result<(), OrderError> {
        let written = timeout(WRITE_TIME, self.to.write_all(self.piece.as_bytes())).await;
        written.map_err(|_| io::Error::from(io::ErrorKind::TimedOut))??;
        self.piece.clear();
        Ok(())
    }
}
