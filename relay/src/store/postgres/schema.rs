//! The tables, and how they come to be: one script after the other, each once,
//! forward only. Several nodes may start at once: the first does it, the others
//! wait for it.

use super::{
    failure::{Failure, OpenError},
    line::Line,
};

/// The scripts; the version of a database is how many it has seen.
const SCRIPTS: [&str; 1] = [include_str!("schema/1.sql")];

/// Who holds this lock changes the tables.
const LOCK: &str = "SELECT pg_advisory_xact_lock(7263117000)";

/// Brings the tables to the version that this relay knows.
pub(super) async fn prepare(line: &Line) -> Result<(), OpenError> {
    line.begin().await.map_err(refused)?;
    let changed = bring_up_to_date(line).await;
    if changed.is_err() {
        // What it did is gone with the connection otherwise.
        let _ = line.roll_back().await;
    } else {
        line.commit().await.map_err(refused)?;
    }
    changed
}

async fn bring_up_to_date(line: &Line) -> Result<(), OpenError> {
    line.run(LOCK).await.map_err(refused)?;
    line.script("CREATE TABLE IF NOT EXISTS schema (version int NOT NULL)")
        .await
        .map_err(OpenError::Schema)?;
    let version = line.row("SELECT coalesce(max(version), 0) FROM schema", &[]).await;
    let version = version.map_err(refused)?.map_or(0, |row| row.get::<_, i32>(0));
    let known = i32::try_from(SCRIPTS.len()).unwrap_or(i32::MAX);
    if version > known {
        return Err(OpenError::Later { found: version, known });
    }
    for (number, script) in (1..).zip(SCRIPTS).filter(|(number, _)| *number > version) {
        line.script(script).await.map_err(OpenError::Schema)?;
        line.execute("INSERT INTO schema VALUES ($1)", &[&number]).await.map_err(refused)?;
    }
    let (secret, seed) = (random()?, random()?);
    let first = "INSERT INTO relay (secret, seed) VALUES ($1, $2) ON CONFLICT DO NOTHING";
    line.execute(first, &[&secret.as_slice(), &seed.as_slice()]).await.map_err(refused)?;
    Ok(())
}

fn random() -> Result<[u8; 32], OpenError> {
    crate::random::bytes().map_err(|error| OpenError::Schema(error.to_string()))
}

fn refused(failure: Failure) -> OpenError {
    OpenError::Schema(
        match failure {
            Failure::Lost => "the connection was lost",
            _ => "may the role of `postgres.dsn` create tables in its database",
        }
        .to_owned(),
    )
}
