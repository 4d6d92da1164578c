//! One symbolic model as the repository keeps it: a whole one (`NAME.vp`), or one
//! that says only how it differs from a whole one (`NAME.edit`).
//!
//! Every query stands on a line of its own and ends in what is expected of it:
//! `// holds` or `// falls`, with a reason after a colon. A file whose name begins
//! with `mutant-` weakens the construction, so each of its queries must fall.

use std::{fmt, str::FromStr};

/// What came, or should come, of a query.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    /// No attack was found.
    Holds,
    /// An attack was found.
    Falls,
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Holds => "holds",
            Self::Falls => "falls",
        })
    }
}

/// A query and what is expected of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Query {
    pub(super) text: String,
    pub(super) expected: Verdict,
}

impl FromStr for Query {
    type Err = String;

    fn from_str(line: &str) -> Result<Self, String> {
        let Some((text, comment)) = line.split_once("//") else {
            return Err(format!("`{line}` does not say `// holds` or `// falls`"));
        };
        let expected = match comment.split(':').next().unwrap_or_default().trim() {
            "holds" => Verdict::Holds,
            "falls" => Verdict::Falls,
            other => return Err(format!("`{other}` is neither `holds` nor `falls`")),
        };
        Ok(Self { text: text.trim().into(), expected })
    }
}

/// A model ready for the checker.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Model {
    pub(super) name: String,
    pub(super) source: String,
    pub(super) queries: Vec<Query>,
}

impl Model {
    /// A whole model.
    pub(super) fn whole(name: &str, source: String) -> Result<Self, String> {
        let queries = queries(&source).map_err(|error| format!("{name}: {error}"))?;
        let model = Self { name: name.into(), source, queries };
        match model.queries.iter().find(|query| query.expected == Verdict::Holds) {
            Some(query) if name.starts_with("mutant-") => {
                Err(format!("{name}: a mutant's query must fall: `{}`", query.text))
            }
            _ => Ok(model),
        }
    }

    /// `base` with the differences that `edit` states.
    pub(super) fn edited(name: &str, edit: &Edit, base: &str) -> Result<Self, String> {
        let source = edit.apply(base).map_err(|error| format!("{name}: {error}"))?;
        Self::whole(name, source)
    }
}

/// The part of a source before its queries, and the queries block.
fn parted(source: &str) -> Result<(&str, &str), String> {
    let at = source.find("\nqueries[").ok_or("no block of queries")? + 1;
    Ok(source.split_at(at))
}

fn queries(source: &str) -> Result<Vec<Query>, String> {
    let (_, block) = parted(source)?;
    let lines = block.lines().skip(1).map(str::trim).take_while(|line| *line != "]");
    let queries: Vec<Query> = lines
        .filter(|line| !line.is_empty() && !line.starts_with("//"))
        .map(str::parse)
        .collect::<Result<_, _>>()?;
    if queries.is_empty() { Err("no query".into()) } else { Ok(queries) }
}

/// How a model differs from a whole one:
///
/// ```text
/// // Why.
/// of NAME.vp
/// - a line of that file
/// + what stands there instead; nothing, if there is no such line
/// queries[
/// ...
/// ]
/// ```
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Edit {
    base: String,
    changes: Vec<Change>,
    queries: String,
}

#[derive(Debug, PartialEq, Eq)]
struct Change {
    old: String,
    new: Vec<String>,
}

impl Edit {
    /// The name of the whole model that this one starts from.
    pub(super) fn base(&self) -> &str {
        &self.base
    }

    fn apply(&self, base: &str) -> Result<String, String> {
        let (body, _) = parted(base)?;
        let mut lines: Vec<String> = body.lines().map(str::to_owned).collect();
        for change in &self.changes {
            change.apply(&mut lines)?;
        }
        lines.push(self.queries.clone());
        Ok(lines.join("\n"))
    }
}

impl Change {
    fn apply(&self, lines: &mut Vec<String>) -> Result<(), String> {
        let places: Vec<usize> = lines
            .iter()
            .enumerate()
            .filter(|(_, line)| line.trim() == self.old)
            .map(|(place, _)| place)
            .collect();
        let [place] = places.as_slice() else {
            return Err(format!("{} lines are `{}`, not one", places.len(), self.old));
        };
        lines.splice(place..=place, self.new.iter().map(|line| format!("\t{line}")));
        Ok(())
    }
}

impl FromStr for Edit {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (head, queries) = parted(text)?;
        let (mut base, mut changes) = (None, Vec::<Change>::new());
        for line in head.lines().filter(|line| !line.is_empty() && !line.starts_with("//")) {
            match (line.split_once(char::is_whitespace), changes.last_mut()) {
                (Some(("of", name)), _) => base = name.trim().strip_suffix(".vp"),
                (Some(("-", old)), _) => {
                    changes.push(Change { old: old.trim().into(), new: Vec::new() });
                }
                (Some(("+", new)), Some(change)) => change.new.push(new.trim().into()),
                _ => return Err(format!("`{line}` is no part of an edit")),
            }
        }
        let base = base.ok_or("no line `of NAME.vp`")?.to_owned();
        if changes.is_empty() {
            return Err("changes nothing".into());
        }
        Ok(Self { base, changes, queries: queries.into() })
    }
}

#[cfg(test)]
mod tests;
