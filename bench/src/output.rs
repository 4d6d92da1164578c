//! The one place that prints.
#![expect(clippy::print_stdout, clippy::print_stderr, reason = "all output passes here")]

/// A line of figures.
pub(crate) fn line(text: impl AsRef<str>) {
    println!("{}", text.as_ref());
}

/// A line to whoever asked wrongly.
pub(crate) fn talk(text: &str) {
    eprintln!("{text}");
}
