//! Names of files that others gave them, made harmless: the last part of a path,
//! with nothing in it that a shell or a terminal takes for something else.

use msg_protocol::limits::MAX_FILE_NAME_BYTES;

/// What is called so if nothing is left of a name.
const NAMELESS: &str = "file";
/// Most bytes of an ending that is kept when a name is too long.
const MAX_ENDING_BYTES: usize = 16;
/// Bytes left free for a number in the name.
const SPARE_BYTES: usize = 8;

/// A name for a file here, whatever its sender called it: never a path, never
/// hidden, never an option, and nothing in it that cannot be seen.
pub fn safe_name(given: &str) -> String {
    let last = given.rsplit(['/', '\\']).next().unwrap_or_default();
    let seen: String = last.chars().map(|c| if is_harmless(c) { c } else { '_' }).collect();
    let trimmed = seen.trim_start_matches(['.', '-', '~', ' ']).trim_end_matches(['.', ' ']);
    let mut name = shortened(trimmed, MAX_FILE_NAME_BYTES - SPARE_BYTES);
    // A cut may have bared another.
    name.truncate(name.trim_end_matches(['.', ' ']).len());
    if name.is_empty() { NAMELESS.to_owned() } else { name }
}

/// The same name with a number before its ending.
pub fn numbered(name: &str, number: u32) -> String {
    let (stem, ending) = split(name);
    format!("{stem}-{number}{ending}")
}

/// The stem, and the ending with its dot; an ending is short and has a stem.
fn split(name: &str) -> (&str, &str) {
    // Two endings belong together where the second says only how the first is packed.
    let at = name.rfind(".tar.").or_else(|| name.rfind('.'));
    match at.filter(|at| *at > 0 && name.len() - at <= MAX_ENDING_BYTES) {
        Some(at) => name.split_at(at),
        None => (name, ""),
    }
}

fn shortened(name: &str, limit: usize) -> String {
    if name.len() <= limit {
        return name.to_owned();
    }
    let (stem, ending) = split(name);
    let mut end = limit - ending.len();
    while !stem.is_char_boundary(end) {
        end -= 1;
    }
    let (stem, _) = stem.split_at(end);
    format!("{stem}{ending}")
}

/// Whether a character is only seen, and means nothing to a shell in a list of files.
fn is_harmless(c: char) -> bool {
    let hides = matches!(c,
        '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
        | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}'
        | '\u{e0000}'..='\u{e007f}');
    !c.is_control() && !hides && !matches!(c, '*' | '?' | '<' | '>' | '|' | '"' | ':' | '`' | '$')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hostile_name_becomes_a_harmless_one() {
        for (given, safe) in [
            ("report.pdf", "report.pdf"),
            ("Überblick 2026.txt", "Überblick 2026.txt"),
            ("../../etc/passwd", "passwd"),
            ("/root/.ssh/authorized_keys", "authorized_keys"),
            ("C:\\Windows\\system.ini", "system.ini"),
            (".bashrc", "bashrc"),
            ("..", "file"),
            (".", "file"),
            ("", "file"),
            ("a/", "file"),
            ("-rf", "rf"),
            ("~root", "root"),
            ("evil\u{202e}fdp.exe", "evil_fdp.exe"),
            ("a\nb\x1b[31m\0c", "a_b_[31m_c"),
            ("$(reboot).sh", "_(reboot).sh"),
            ("trailing. . ", "trailing"),
        ] {
            assert_eq!(safe_name(given), safe, "{given:?}");
        }
    }

    #[test]
    fn a_long_name_keeps_its_ending_and_whole_letters() {
        let name = safe_name(&format!("{}.tar", "ü".repeat(200)));
        assert!(name.len() <= MAX_FILE_NAME_BYTES - SPARE_BYTES && name.ends_with("ü.tar"));
        assert_eq!(safe_name(&format!("a.{}", "b".repeat(400))).len(), 247);
        assert_eq!(safe_name(&format!("{}..{}", "a".repeat(246), "b".repeat(40))), "a".repeat(246));
    }

    #[test]
    fn a_number_stands_before_the_ending() {
        assert_eq!(numbered("a.pdf", 1), "a-1.pdf");
        assert_eq!(numbered("src.tar.gz", 2), "src-2.tar.gz");
        assert_eq!(numbered("README", 3), "README-3");
        assert_eq!(
            numbered("v1.2 of something that is long", 1),
            "v1.2 of something that is long-1"
        );
    }
}
