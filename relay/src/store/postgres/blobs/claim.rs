//! The place for objects belongs to one database, from its first use on.

use sha2::{Digest as _, Sha256};

use crate::store::postgres::{
    failure::{Failure, OpenError},
    line::Line,
    objects::Objects,
    value::column,
};

/// Opens the place that a URL names, if it is this database's, or a new one for a
/// database that has had none. Several nodes may do so at once.
pub(in crate::store::postgres) async fn claim(
    line: &Line,
    seed: &[u8],
    url: &str,
) -> Result<Objects, OpenError> {
    const ASK: &str = "SELECT blobs FROM relay";
    const NOTE: &str = "UPDATE relay SET blobs = true";
    let lost = |_: Failure| OpenError::Unreachable("the connection was lost".to_owned());
    let objects = Objects::open(url)?;
    let row = line.row(ASK, &[]).await.map_err(lost)?;
    let row = row.ok_or_else(|| OpenError::Schema("its tables are empty".to_owned()))?;
    let has_place: bool = column(&row, 0).map_err(lost)?;
    let mut mark = Sha256::new();
    mark.update("place for objects");
    mark.update(seed);
    objects.claim(mark.finalize().into(), !has_place).await?;
    if !has_place {
        line.execute(NOTE, &[]).await.map_err(lost)?;
    }
    Ok(objects)
}
