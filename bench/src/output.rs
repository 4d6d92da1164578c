//! The one place that prints.

/// Prints a line.
#[expect(clippy::print_stdout, reason = "figures are this program's output")]
pub(crate) fn line(text: impl AsRef<str>) {
    println!("{}", text.as_ref());
}
