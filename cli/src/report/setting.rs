//! What is said about settings.

use serde::Serialize;

use super::{Page, Report};

/// `config`: one setting.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct Setting {
    /// What it is called.
    pub(crate) name: &'static str,
    /// What it is.
    pub(crate) value: String,
    /// Whether that is what it is if nobody chooses.
    pub(crate) is_default: bool,
    /// What it can be.
    pub(crate) values: &'static str,
    /// What it is for.
    pub(crate) about: &'static str,
}

impl Report for Setting {
    const TYPE: &'static str = "setting";

    fn show(&self, page: &Page) -> String {
        let value = format!("{:<14}", self.value);
        let value = if self.is_default { value } else { page.bold(&value) };
        format!("{:<13} {value} {}\n", self.name, page.dim(self.about))
    }
}
