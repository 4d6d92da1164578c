//! One connection to the database: statements prepared once, and a word that is
//! no longer believed after a warning.
//!
//! A server that stops waiting for its standbys, because somebody cancelled the
//! statement or told it to go, says that a commit has succeeded and adds a
//! warning. So a connection that has warned is in doubt from then on: whatever it
//! said since is an outcome that nobody knows. It says nothing when it stops waiting
//! because its settings have changed; so it is asked for them behind every commit.

use core::future::poll_fn;
use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
};

use futures_util::StreamExt as _;
use tokio::{
    io::{AsyncRead, AsyncWrite},
    join,
    task::AbortHandle,
};
use tokio_postgres::{
    AsyncMessage, Client, Connection, Notification, Row, Statement, error::SqlState, types::ToSql,
};

use tracing::warn;

use super::{
    failure::{Failure, OpenError},
    requirements,
};

/// What a statement is given.
pub(super) type Parameters<'a> = &'a [&'a (dyn ToSql + Sync)];

/// What hears notifications.
pub(super) type Hear = Arc<dyn Fn(Notification) + Send + Sync>;

/// A connection.
pub(super) struct Line {
    client: Client,
    statements: Mutex<HashMap<&'static str, Statement>>,
    in_doubt: Arc<AtomicBool>,
    carrier: AbortHandle,
    allow_single_node: bool,
}

impl Line {
    /// A line over an open connection, which a task of its own moves.
    pub(super) fn new<S, T>(
        client: Client,
        connection: Connection<S, T>,
        hear: Option<Hear>,
        allow_single_node: bool,
    ) -> Self
    where
        S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
        T: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        let in_doubt = Arc::new(AtomicBool::new(false));
        let carrying = tokio::spawn(carry(connection, hear, Arc::clone(&in_doubt)));
        let carrier = carrying.abort_handle();
        Self { client, statements: Mutex::default(), in_doubt, carrier, allow_single_node }
    }

    /// What ends it at once, with all that waits for an answer.
    pub(super) fn carrier(&self) -> AbortHandle {
        self.carrier.clone()
    }

    /// Whether the server keeps its word, as it is set now.
    pub(super) async fn check(&self) -> Result<(), OpenError> {
        let lost = |_| OpenError::Unreachable("the connection was lost".to_owned());
        let row = self.row(requirements::ASK, &[]).await.map_err(lost)?;
        requirements::check(&row.ok_or_else(|| lost(Failure::Lost))?, self.allow_single_node)
    }

    /// Whether it can still be used.
    pub(super) fn is_good(&self) -> bool {
        !self.client.is_closed() && !self.in_doubt.load(Ordering::Acquire)
    }

    /// All rows that a statement gives.
    pub(super) async fn query(
        &self,
        sql: &'static str,
        parameters: Parameters<'_>,
    ) -> Result<Vec<Row>, Failure> {
        let statement = self.statement(sql).await?;
        Ok(self.client.query(&statement, parameters).await?)
    }

    /// The row that a statement gives, if it gives one.
    pub(super) async fn row(
        &self,
        sql: &'static str,
        parameters: Parameters<'_>,
    ) -> Result<Option<Row>, Failure> {
        let statement = self.statement(sql).await?;
        let mut rows =
            Box::pin(self.client.query_raw(&statement, parameters.iter().copied()).await?);
        let mut first = None;
        while let Some(row) = rows.next().await {
            let row = row?;
            first.get_or_insert(row);
        }
        Ok(first)
    }

    /// How many rows a statement changes.
    pub(super) async fn execute(
        &self,
        sql: &'static str,
        parameters: Parameters<'_>,
    ) -> Result<u64, Failure> {
        let statement = self.statement(sql).await?;
        Ok(self.client.execute(&statement, parameters).await?)
    }

    /// Statements without parameters, one after the other.
    pub(super) async fn run(&self, sql: &str) -> Result<(), Failure> {
        Ok(self.client.batch_execute(sql).await?)
    }

    /// The same; what is wrong is said in the database's own words.
    pub(super) async fn script(&self, sql: &str) -> Result<(), String> {
        self.client.batch_execute(sql).await.map_err(|error| reason(&error))
    }

    /// Begins a transaction.
    pub(super) async fn begin(&self) -> Result<(), Failure> {
        self.run("BEGIN").await
    }

    /// Commits: what was done is durable, wherever the server keeps it.
    pub(super) async fn commit(&self) -> Result<(), Failure> {
        // The question goes out right behind, and is answered by what holds after
        // the commit: before, it would miss the very commits that were let go.
        let (ended, checked) = join!(self.run("COMMIT"), self.check());
        if let Err(error) = checked
            && !self.in_doubt.swap(true, Ordering::AcqRel)
            && !self.client.is_closed()
        {
            warn!(error = %error, "a commit of the database is not believed");
        }
        ended?;
        if self.in_doubt.load(Ordering::Acquire) { Err(Failure::Lost) } else { Ok(()) }
    }

    /// Takes back what the transaction did.
    pub(super) async fn roll_back(&self) -> Result<(), Failure> {
        self.run("ROLLBACK").await
    }

    /// Prepares a statement before it is needed.
    pub(super) async fn statement(&self, sql: &'static str) -> Result<Statement, Failure> {
        if let Some(statement) = self.known().get(sql) {
            return Ok(statement.clone());
        }
        let statement = self.client.prepare(sql).await?;
        self.known().insert(sql, statement.clone());
        Ok(statement)
    }

    fn known(&self) -> std::sync::MutexGuard<'_, HashMap<&'static str, Statement>> {
        self.statements.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What a failure says, without the statement that failed.
pub(super) fn reason(error: &tokio_postgres::Error) -> String {
    if let Some(database) = error.as_db_error() {
        return database.message().to_owned();
    }
    let mut text = error.to_string();
    let mut source = std::error::Error::source(error);
    while let Some(deeper) = source {
        text = deeper.to_string();
        source = deeper.source();
    }
    text
}

/// Moves a connection until it ends.
async fn carry<S, T>(
    mut connection: Connection<S, T>,
    hear: Option<Hear>,
    in_doubt: Arc<AtomicBool>,
) where
    S: AsyncRead + AsyncWrite + Unpin,
    T: AsyncRead + AsyncWrite + Unpin,
{
    while let Some(message) = poll_fn(|context| connection.poll_message(context)).await {
        match message {
            Ok(AsyncMessage::Notice(notice)) if *notice.code() == SqlState::WARNING => {
                in_doubt.store(true, Ordering::Release);
            }
            Ok(AsyncMessage::Notification(word)) => {
                if let Some(hear) = &hear {
                    hear(word);
                }
            }
            Ok(_) => (),
            Err(error) => {
                warn!(error = %reason(&error), "a connection to the database has ended");
                return;
            }
        }
    }
}
