//! A TLS stream to a relay with nothing on top: for bytes that no client sends.

use std::io;

use msg_protocol::{
    frame::{FrameDecoder, ServerFrame},
    limits::MAX_FRAME_BYTES,
};
use rustls::pki_types::ServerName;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
};
use tokio_rustls::{TlsConnector, client::TlsStream};

use super::{ALPN, Endpoint, trusting};

/// Bytes to a relay and frames from it.
pub struct Raw {
    stream: TlsStream<TcpStream>,
    decoder: FrameDecoder,
}

impl Raw {
    /// Makes a connection with the pinned key, and says nothing on it.
    pub async fn open(endpoint: &Endpoint) -> io::Result<Self> {
        Self::over(endpoint.dial().await?, endpoint).await
    }

    /// The same over a connection that has been made already.
    pub async fn over(tcp: TcpStream, endpoint: &Endpoint) -> io::Result<Self> {
        let stream = shake_hands(tcp, endpoint).await?;
        Ok(Self { stream, decoder: FrameDecoder::new(MAX_FRAME_BYTES) })
    }

    /// Sends bytes.
    pub async fn send(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.stream.write_all(bytes).await?;
        self.stream.flush().await
    }

    /// The next frame; `None` when the relay has ended the stream or cut it.
    pub async fn frame(&mut self) -> Option<ServerFrame> {
        let mut byte = [0];
        while self.stream.read_exact(&mut byte).await.is_ok() {
            if let Some(body) = self.decoder.handle_bytes(&mut byte.as_slice()).unwrap() {
                return Some(ServerFrame::decode(&body).unwrap());
            }
        }
        None
    }

    /// The frames up to the first answer, or to the end of the stream.
    pub async fn frames_until_answer(&mut self) -> Vec<ServerFrame> {
        let mut frames = Vec::new();
        while let Some(frame) = self.frame().await {
            let is_answer = matches!(frame, ServerFrame::Response(..) | ServerFrame::Refusal(..));
            frames.push(frame);
            if is_answer {
                break;
            }
        }
        frames
    }

    /// The frames that come before the relay ends the stream.
    pub async fn frames_until_end(&mut self) -> Vec<ServerFrame> {
        let mut frames = Vec::new();
        while let Some(frame) = self.frame().await {
            frames.push(frame);
        }
        frames
    }

    /// The stream itself.
    pub fn into_stream(self) -> TlsStream<TcpStream> {
        self.stream
    }
}

pub(super) async fn connect(endpoint: &Endpoint) -> io::Result<TlsStream<TcpStream>> {
    shake_hands(endpoint.dial().await?, endpoint).await
}

async fn shake_hands(tcp: TcpStream, endpoint: &Endpoint) -> io::Result<TlsStream<TcpStream>> {
    let name = ServerName::from(endpoint.address.ip());
    TlsConnector::from(trusting(endpoint.pin, &[ALPN])).connect(name, tcp).await
}
