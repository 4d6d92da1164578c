//! `cargo xtask models [NAME …]`: the symbolic models of `crypto/models`, checked by
//! Verifpal against what each of their queries states.
//!
//! Fails if a query that should hold falls, if one that should fall holds, if the
//! folder holds what is no model, and if its README names other models than it has.

mod model;

use std::{fs, path::PathBuf, time::Instant};

use crate::{
    failure::Failure,
    output, place,
    step::Step,
    tool::{self, C_COMPILER},
};
use model::{Edit, Model, Query, Verdict};

const VERSION: &str = "1.6.7";
/// Runs of the protocol that the attacker may mix. One would hide every replay.
const SESSIONS: &str = "2";

/// Runs the command.
pub(crate) fn run(words: &[String]) -> Result<(), Failure> {
    let models = chosen(read_all()?, words)?;
    tool::require(&[C_COMPILER])?;
    let checker = tool::registry_program("verifpal", VERSION, "--version")?;
    let began = Instant::now();
    output::line(&row("model", "query", "expected", "found", "seconds"));
    let mut surprises = 0;
    for model in &models {
        surprises += check(model, &checker)?;
    }
    let seconds = began.elapsed().as_secs();
    output::line(&format!("\n{} models in {seconds} s, {surprises} surprises", models.len()));
    if surprises == 0 { Ok(()) } else { Err(Failure::Shown) }
}

fn folder() -> PathBuf {
    place::repository().join("crypto/models")
}

fn read(path: &PathBuf) -> Result<String, Failure> {
    fs::read_to_string(path)
        .map_err(|error| Failure::File(format!("cannot read {}: {error}", path.display())))
}

/// Every model of the folder, by name; an error if its README does not agree.
fn read_all() -> Result<Vec<Model>, Failure> {
    let entries = fs::read_dir(folder())
        .map_err(|error| Failure::File(format!("cannot read {}: {error}", folder().display())))?;
    let mut names = Vec::new();
    for entry in entries {
        let entry = entry.map_err(|error| Failure::File(error.to_string()))?;
        names.push(entry.file_name().to_string_lossy().into_owned());
    }
    names.retain(|name| name != "README.md");
    names.sort();
    compare(&names, &listed(&read(&folder().join("README.md"))?))?;
    names.iter().map(|name| load(name)).collect()
}

/// The files that a README names: those in backquotes that end as models do.
fn listed(readme: &str) -> Vec<String> {
    let quoted = readme.split('`').skip(1).step_by(2);
    let mut names: Vec<String> = quoted
        .filter(|word| matches!(word.rsplit_once('.'), Some((_, "vp" | "edit"))))
        .filter(|word| !word.contains(|c: char| c.is_whitespace() || c.is_ascii_uppercase()))
        .map(str::to_owned)
        .collect();
    names.sort();
    names.dedup();
    names
}

fn compare(there: &[String], listed: &[String]) -> Result<(), Failure> {
    let unlisted = there.iter().filter(|name| !listed.contains(name));
    let absent = listed.iter().filter(|name| !there.contains(name));
    let faults: Vec<String> = unlisted
        .map(|name| format!("crypto/models/README.md does not name {name}"))
        .chain(
            absent.map(|name| format!("crypto/models/README.md names {name}, which is not there")),
        )
        .collect();
    if faults.is_empty() { Ok(()) } else { Err(Failure::File(faults.join("\n"))) }
}

fn load(file: &str) -> Result<Model, Failure> {
    let text = read(&folder().join(file))?;
    match file.rsplit_once('.') {
        Some((name, "vp")) => Model::whole(name, text).map_err(Failure::File),
        Some((name, "edit")) => {
            let edit: Edit =
                text.parse().map_err(|error| Failure::File(format!("{name}: {error}")))?;
            let base = read(&folder().join(format!("{}.vp", edit.base())))?;
            Model::edited(name, &edit, &base).map_err(Failure::File)
        }
        _ => Err(Failure::File(format!("{file} is no model"))),
    }
}

fn chosen(models: Vec<Model>, names: &[String]) -> Result<Vec<Model>, Failure> {
    let unknown = names.iter().find(|name| models.iter().all(|model| model.name != **name));
    if let Some(name) = unknown {
        return Err(Failure::Usage(format!("no model `{name}`")));
    }
    let wanted = |model: &Model| names.is_empty() || names.contains(&model.name);
    Ok(models.into_iter().filter(wanted).collect())
}

/// Checks a model, shows a row for each query, and returns how many surprise.
fn check(model: &Model, checker: &PathBuf) -> Result<usize, Failure> {
    let path = write(model)?;
    let began = Instant::now();
    let code = Step::new(&model.name, checker)
        .words("verify --quiet --result-code --sessions")
        .arg(SESSIONS)
        .arg(&path)
        .read()?;
    let seconds = format!("{:.1}", began.elapsed().as_secs_f32());
    let found = verdicts(code.trim(), &model.queries)
        .map_err(|error| Failure::File(format!("{}: {error}", model.name)))?;
    let mut surprises = 0;
    for (query, found) in model.queries.iter().zip(found) {
        let as_told = query.expected == found;
        surprises += usize::from(!as_told);
        let found = if as_told { found.to_string() } else { format!("{found} !!") };
        let expected = query.expected.to_string();
        output::line(&row(&model.name, &query.text, &expected, &found, &seconds));
    }
    Ok(surprises)
}

/// The model as the checker reads it, in the target folder.
fn write(model: &Model) -> Result<PathBuf, Failure> {
    let folder = place::target().join("models");
    let path = folder.join(format!("{}.vp", model.name));
    fs::create_dir_all(&folder)
        .and_then(|()| fs::write(&path, &model.source))
        .map_err(|error| Failure::File(format!("cannot write {}: {error}", path.display())))?;
    Ok(path)
}

/// Reads the checker's result code: for each query the first letter of its kind,
/// then 0 if it holds and 1 if an attack was found.
fn verdicts(code: &str, queries: &[Query]) -> Result<Vec<Verdict>, String> {
    let (pairs, rest) = code.as_bytes().as_chunks::<2>();
    if pairs.len() != queries.len() || !rest.is_empty() {
        return Err(format!("{} queries, but the checker answers `{code}`", queries.len()));
    }
    let verdict = |(pair, query): (&[u8; 2], &Query)| match *pair {
        [kind, digit] if query.text.as_bytes().first() != Some(&kind) => {
            Err(format!("`{}{}` answers no `{}`", char::from(kind), char::from(digit), query.text))
        }
        [_, b'0'] => Ok(Verdict::Holds),
        [_, b'1'] => Ok(Verdict::Falls),
        _ => Err(format!("`{code}` is no result code")),
    };
    pairs.iter().zip(queries).map(verdict).collect()
}

fn row(model: &str, query: &str, expected: &str, found: &str, seconds: &str) -> String {
    format!("{model:<34} {query:<38} {expected:<9} {found:<9} {seconds:>7}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn queries(texts: &[&str]) -> Vec<Query> {
        texts.iter().map(|text| format!("{text} // holds").parse().unwrap()).collect()
    }

    fn names(names: &[&str]) -> Vec<String> {
        names.iter().map(|name| (*name).to_owned()).collect()
    }

    #[test]
    fn a_result_code_answers_the_queries_in_order() {
        let queries = queries(&["confidentiality? m", "authentication? A -> B: c"]);
        assert_eq!(verdicts("c0a1", &queries).unwrap(), [Verdict::Holds, Verdict::Falls]);
        for code in ["", "c0", "c0a", "c0c0", "a0c1", "c0a2", "c0a1e0"] {
            verdicts(code, &queries).unwrap_err();
        }
    }

    #[test]
    fn the_readme_and_the_folder_must_agree() {
        let listed = listed("See `a.vp`, `mutant-b.edit`, `a.vp` and `NAME.vp`, not `c`.");
        assert_eq!(listed, names(&["a.vp", "mutant-b.edit"]));
        compare(&names(&["a.vp", "mutant-b.edit"]), &listed).unwrap();
        compare(&names(&["a.vp"]), &listed).unwrap_err();
        compare(&names(&["a.vp", "mutant-b.edit", "d.vp"]), &listed).unwrap_err();
    }

    #[test]
    fn the_models_of_the_repository_can_be_read() {
        assert!(read_all().unwrap().iter().any(|model| model.name.starts_with("mutant-")));
    }
}
