//! What others wrote, on its way to a terminal or to a disk: nothing is left in it
//! that does something, whatever it was.

use msg_cli::text::{self, Body};
use msg_client::engine::files::name::{numbered, safe_name};

use super::script::Script;

/// Marks that may stand on one letter.
const MARKS: usize = 8;

/// The width of a terminal, then a text: as a line, as a block, as a message.
pub fn term_filter(input: &[u8]) -> bool {
    let mut script = Script::new(input);
    let width = usize::from(script.byte());
    let bytes = script.rest();
    let text = String::from_utf8_lossy(bytes);

    let line = text::line(&text);
    assert!(!line.chars().any(acts), "{line:?}");
    assert_eq!(text::line(&line), line, "made harmless twice, it is another text");
    let block = text::block(&text);
    assert!(!block.split('\n').any(|line| line.chars().any(acts)), "{block:?}");
    assert_eq!(block.matches('\n').count(), text.matches('\n').count(), "a line of its own");

    let body = Body(bytes.to_vec());
    let whole = body.lines(None);
    let lines = text.strip_suffix('\n').unwrap_or(&text).split('\n').count();
    assert_eq!(whole.len(), lines, "lines that were not there");
    for line in whole.iter().chain(&body.lines(Some(width))) {
        let joins = |c: char| matches!(c, '\u{200c}' | '\u{200d}');
        assert!(!line.chars().any(|c| acts(c) && !joins(c)), "{line:?}");
        assert!(!line.ends_with(joins) && !line.starts_with(joins), "{line:?}");
        assert!(most_marks(line) <= MARKS, "{line:?}");
    }
    let squeezed = |lines: &[String]| lines.concat().replace(' ', "");
    assert_eq!(squeezed(&whole), squeezed(&body.lines(Some(width))), "wrapping has lost something");
    !text.is_empty()
}

/// Whether a terminal does something with it, or shows nothing: taken from the
/// tables of Unicode, not from the code.
fn acts(c: char) -> bool {
    let hidden = ['\u{ad}', '\u{61c}', '\u{180e}', '\u{feff}'];
    let ranges = [
        '\u{200b}'..='\u{200f}',
        '\u{2028}'..='\u{202e}',
        '\u{2060}'..='\u{206f}',
        '\u{fff9}'..='\u{fffb}',
        '\u{e0000}'..='\u{e007f}',
    ];
    c.is_control() || hidden.contains(&c) || ranges.iter().any(|range| range.contains(&c))
}

/// The longest run of marks without a width of their own.
fn most_marks(line: &str) -> usize {
    let mut most = 0;
    let mut run = 0;
    for c in line.chars() {
        let is_mark = ('\u{300}'..='\u{36f}').contains(&c);
        run = if is_mark { run + 1 } else { 0 };
        most = most.max(run);
    }
    most
}

/// A name for a file, as a stranger gave it.
pub fn attachment_name(input: &[u8]) -> bool {
    let given = String::from_utf8_lossy(input);
    let name = safe_name(&given);
    check_name(&name);
    assert_eq!(safe_name(&name), name, "twice, it is another name");
    for number in [1, u32::MAX / 1_000] {
        check_name(&numbered(&name, number));
    }
    name != "file"
}

fn check_name(name: &str) {
    assert!(!name.is_empty() && name.len() <= 255, "{name:?}");
    assert!(!name.contains(['/', '\\', '\0']) && !name.chars().any(acts), "{name:?}");
    assert!(!name.starts_with(['.', '-', '~', ' ']), "{name:?}");
    let path = std::path::Path::new(name);
    assert_eq!(path.file_name(), Some(path.as_os_str()), "{name:?} is a path");
}
