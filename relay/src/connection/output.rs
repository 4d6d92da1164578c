//! What is written: frames in pieces, each asked for when the one before is gone.

use std::{
    io,
    pin::Pin,
    task::{Context, Poll},
};

use msg_protocol::{link::ServerLink, time::Moment};
use tokio::io::{AsyncWrite, AsyncWriteExt as _};

use super::PIECE_BYTES;

/// The piece that is being written.
#[derive(Debug, Default)]
pub(super) struct Output {
    piece: Vec<u8>,
    written: usize,
    unflushed: bool,
}

impl Output {
    /// Writes as much as the stream takes; says whether it took anything.
    pub(super) fn poll<T: AsyncWrite + Unpin>(
        &mut self,
        link: &mut ServerLink,
        stream: &mut T,
        context: &mut Context<'_>,
        now: Moment,
    ) -> io::Result<bool> {
        let mut moved = false;
        loop {
            if !self.load(link, now) {
                return self.flush(stream, context).map(|()| moved);
            }
            match Pin::new(&mut *stream).poll_write(context, self.rest()) {
                Poll::Pending => return Ok(moved),
                Poll::Ready(Ok(0)) => return Err(io::ErrorKind::WriteZero.into()),
                Poll::Ready(Ok(written)) => {
                    self.written += written;
                    self.unflushed = true;
                    moved = true;
                }
                Poll::Ready(Err(error)) => return Err(error),
            }
        }
    }

    /// Whether there is something to write.
    fn load(&mut self, link: &mut ServerLink, now: Moment) -> bool {
        if self.written < self.piece.len() {
            return true;
        }
        self.written = 0;
        self.piece = link.poll_outputs(PIECE_BYTES, now).unwrap_or_default();
        !self.piece.is_empty()
    }

    fn rest(&self) -> &[u8] {
        self.piece.get(self.written..).unwrap_or_default()
    }

    fn flush<T: AsyncWrite + Unpin>(
        &mut self,
        stream: &mut T,
        context: &mut Context<'_>,
    ) -> io::Result<()> {
        if self.unflushed {
            match Pin::new(stream).poll_flush(context) {
                Poll::Pending => {}
                Poll::Ready(flushed) => {
                    flushed?;
                    self.unflushed = false;
                }
            }
        }
        Ok(())
    }

    /// Writes all that a closed link still has to say.
    pub(super) async fn write_rest<T: AsyncWrite + Unpin>(
        &mut self,
        link: &mut ServerLink,
        stream: &mut T,
    ) -> io::Result<()> {
        while self.load(link, Moment(0)) {
            stream.write_all(self.rest()).await?;
            self.written = self.piece.len();
        }
        stream.flush().await
    }
}
