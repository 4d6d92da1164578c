//! A file of vectors and a case in it: the frame that all files share.

use alloc::{string::String, vec::Vec};
use std::{env, fs, path::Path};

use super::{
    json::{Json, object},
    std,
};

/// A file of vectors.
pub(crate) struct File {
    /// Its name, without `.json`.
    pub(crate) name: &'static str,
    pub(crate) about: &'static str,
    /// The section of a SPEC that it follows.
    pub(crate) spec: &'static str,
    pub(crate) cases: Vec<Case>,
}

/// One case.
pub(crate) struct Case(Json);

impl Case {
    /// A case of one of the file's kinds. Whatever `name` says is for people.
    pub(crate) fn new(kind: &str, name: impl Into<String>, inputs: Json) -> Self {
        Self(object! { "name": name.into(), "kind": kind, "inputs": inputs })
    }

    /// A member of the case.
    pub(crate) fn member(&self, name: &str) -> Option<&Json> {
        self.0.member(name)
    }

    /// What is computed on the way.
    pub(crate) fn steps(self, steps: Json) -> Self {
        Self(self.0.with("steps", steps))
    }

    /// What comes out.
    pub(crate) fn outputs(self, outputs: Json) -> Self {
        Self(self.0.with("outputs", outputs))
    }

    /// Alterations of an output, each of which must be refused.
    pub(crate) fn alterations(self, alterations: Vec<Json>) -> Self {
        Self(self.0.with("alterations", alterations))
    }

    /// What happens one after the other.
    pub(crate) fn script(self, entries: Vec<Json>) -> Self {
        Self(self.0.with("script", entries))
    }

    /// The inputs must be refused: `true`, or because of this. Never in the words of
    /// an error, which may change.
    pub(crate) fn refused(self, reason: impl Into<Json>) -> Self {
        Self(self.0.with("refused", reason))
    }
}

impl File {
    /// Compares with the committed file, or writes it.
    #[track_caller]
    pub(crate) fn keep(self) {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/vectors");
        let path = folder.join(self.name).with_extension("json");
        let cases: Vec<Json> = self.cases.into_iter().map(|case| case.0).collect();
        let document = object! { "about": self.about, "spec": self.spec, "cases": cases };
        let text = document.to_document();
        if env::var_os("MSG_VECTORS").is_some_and(|value| value == "write") {
            fs::create_dir_all(&folder).expect("a folder for the vectors");
            fs::write(&path, text).expect("the vectors can be written");
            return;
        }
        let kept = fs::read_to_string(&path).unwrap_or_default();
        let differs = kept.lines().zip(text.lines()).position(|(kept, made)| kept != made);
        assert!(
            kept == text,
            "{} differs from what the code makes, at line {}; `cargo xtask vectors` writes it",
            path.display(),
            differs.map_or(kept.lines().count().min(text.lines().count()), |line| line) + 1,
        );
    }
}
