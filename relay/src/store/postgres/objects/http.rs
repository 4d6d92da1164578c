//! HTTP to the server of a bucket: one request at a time on a connection, a few
//! connections that are kept, answers read whole and bounded.

use core::fmt;
use std::{
    io,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use futures_util::future::BoxFuture;
use http_body_util::{BodyExt as _, Limited};
use hyper::{
    StatusCode, Uri,
    client::conn::http1::{self, SendRequest},
};
use object_store::client::{
    HttpError, HttpErrorKind, HttpRequest, HttpRequestBody, HttpResponse, HttpService,
};
use tokio::time::timeout;
use tracing::warn;

use super::dial::Dial;
use crate::store::postgres::seldom::Seldom;

/// Bytes of an answer: a piece, or a page of a thousand names.
const ANSWER_BYTES: usize = 2 << 20;
/// Connections that are kept for the next request.
const IDLE: usize = 16;

type Connection = SendRequest<HttpRequestBody>;

/// A client of one server.
#[derive(Clone)]
pub(super) struct Http(Arc<Inner>);

struct Inner {
    dial: Dial,
    /// How long an answer may take, from the dial to its last byte.
    patience: Duration,
    idle: Mutex<Vec<Connection>>,
    complaint: Seldom,
}

impl fmt::Debug for Http {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Http(..)")
    }
}

impl Http {
    pub(super) fn new(dial: Dial, patience: Duration) -> Self {
        Self(Arc::new(Inner {
            dial,
            patience,
            idle: Mutex::default(),
            complaint: Seldom::default(),
        }))
    }

    fn idle(&self) -> MutexGuard<'_, Vec<Connection>> {
        self.0.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A connection that was kept and is still good, or a new one.
    async fn connection(&self, uri: &Uri) -> Result<Connection, HttpError> {
        loop {
            let kept = self.idle().pop();
            match kept {
                Some(connection) if connection.is_ready() => return Ok(connection),
                Some(_) => (),
                None => break,
            }
        }
        let stream = self.0.dial.dial(uri).await;
        let stream = stream.map_err(|error| HttpError::new(HttpErrorKind::Connect, error))?;
        let (sender, connection) = http1::handshake(stream)
            .await
            .map_err(|error| HttpError::new(HttpErrorKind::Connect, error))?;
        // It ends when its sender is dropped or the server closes it; whoever waits
        // for an answer then hears of it.
        tokio::spawn(async move {
            let _ = connection.await;
        });
        Ok(sender)
    }

    async fn exchange(&self, request: HttpRequest) -> Result<HttpResponse, HttpError> {
        let interrupted = |error| HttpError::new(HttpErrorKind::Interrupted, error);
        let mut connection = self.connection(request.uri()).await?;
        let request = in_origin_form(request)?;
        let (head, body) =
            connection.send_request(request).await.map_err(interrupted)?.into_parts();
        self.complain(head.status);
        if head.status == StatusCode::INSUFFICIENT_STORAGE {
            let full = io::Error::from(io::ErrorKind::StorageFull);
            return Err(HttpError::new(HttpErrorKind::Unknown, full));
        }
        let body = Limited::new(body, ANSWER_BYTES).collect().await;
        let body = body.map_err(|error| HttpError::new_boxed(HttpErrorKind::Interrupted, error))?;
        self.keep(connection).await;
        Ok(HttpResponse::from_parts(head, body.to_bytes().into()))
    }

    /// Says now and then that the server refuses, by its number alone: its words name
    /// places. What is not there is no refusal, nor is what is there already.
    fn complain(&self, status: StatusCode) {
        let is_answer = matches!(
            status,
            StatusCode::NOT_FOUND | StatusCode::CONFLICT | StatusCode::PRECONDITION_FAILED
        );
        let refuses = status.is_client_error() || status.is_server_error();
        if refuses && !is_answer && self.0.complaint.is_due() {
            warn!(code = status.as_u16(), "where pieces of blobs lie, a request is refused");
        }
    }

    async fn keep(&self, mut connection: Connection) {
        if connection.ready().await.is_ok() {
            let mut idle = self.idle();
            if idle.len() < IDLE {
                idle.push(connection);
            }
        }
    }
}

/// A request as a server wants it: the host among the headers, and of the address
/// only what comes after it.
fn in_origin_form(request: HttpRequest) -> Result<HttpRequest, HttpError> {
    let wrong = |_| HttpError::new(HttpErrorKind::Request, io::Error::other("no such request"));
    let (mut head, body) = request.into_parts();
    if let Some(authority) = head.uri.authority() {
        let host = authority.as_str().parse().map_err(wrong)?;
        head.headers.entry(hyper::header::HOST).or_insert(host);
    }
    if let Some(path) = head.uri.path_and_query() {
        head.uri = Uri::from(path.clone());
    }
    Ok(HttpRequest::from_parts(head, body))
}

// What the trait makes of an `async fn`, without the macro that writes it.
impl HttpService for Http {
    fn call<'s, 'f>(
        &'s self,
        request: HttpRequest,
    ) -> BoxFuture<'f, Result<HttpResponse, HttpError>>
    where
        's: 'f,
        Self: 'f,
    {
        Box::pin(async move {
            let late = |error| HttpError::new(HttpErrorKind::Timeout, error);
            timeout(self.0.patience, self.exchange(request)).await.map_err(late)?
        })
    }
}
