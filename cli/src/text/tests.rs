//! What others write, character by character.

use super::*;

/// The rules, written down a second time as numbers.
const NEVER_SHOWN: &[(u32, u32)] = &[
    (0x00, 0x09),
    (0x0b, 0x1f),
    (0x7f, 0x9f),
    (0xad, 0xad),
    (0x61c, 0x61c),
    (0x180e, 0x180e),
    (0x200b, 0x200f),
    (0x2028, 0x202e),
    (0x2060, 0x206f),
    (0xfeff, 0xfeff),
    (0xfff9, 0xfffb),
    (0xe0000, 0xe007f),
];

fn is_never_shown(c: char) -> bool {
    NEVER_SHOWN.iter().any(|(first, last)| (*first..=*last).contains(&u32::from(c)))
}

fn body(text: &str) -> String {
    Body(text.as_bytes().to_vec()).lines(None).join("\n")
}

#[test]
fn no_character_of_all_there_are_moves_or_hides() {
    let mut escaped = 0;
    for c in '\0'..=char::MAX {
        let text = format!("a{c}b");
        let (one_line, message) = (line(&text), body(&text));
        assert!(!one_line.contains(|c| is_never_shown(c) || c == '\n'), "{c:?} in a name");
        assert!(!message.contains(is_never_shown), "{c:?} in a message");
        if is_never_shown(c) && c != '\t' {
            let expected = format!("a\\u{{{:x}}}b", u32::from(c));
            assert_eq!(one_line, expected);
            assert_eq!(message, expected);
            escaped += 1;
        } else if c != '\n' && c != '\t' {
            assert_eq!(one_line, text);
            assert_eq!(message, text);
        }
    }
    assert_eq!(escaped, 9 + 21 + 33 + 3 + 5 + 7 + 16 + 1 + 3 + 128);
}

#[test]
fn no_pair_around_a_joiner_lets_anything_else_through() {
    let around = ['a', 'я', 'ا', 'क', '\u{94d}', '👩', '\u{fe0f}', '\u{202e}', '\u{200d}', ' '];
    for before in around {
        for after in around {
            for joiner in ['\u{200c}', '\u{200d}'] {
                let shown = body(&format!("{before}{joiner}{after}"));
                let others = |c: char| is_never_shown(c) && !matches!(c, '\u{200c}' | '\u{200d}');
                assert!(!shown.contains(others));
                let name = line(&format!("{before}{joiner}{after}"));
                assert!(!name.contains(is_never_shown));
            }
        }
    }
}

#[test]
fn joiners_stay_where_scripts_and_emoji_need_them() {
    for text in ["می\u{200c}خواهم", "क्\u{200d}ष", "👩\u{200d}💻", "🏳\u{fe0f}\u{200d}🌈"]
    {
        assert_eq!(body(text), text);
        assert!(line(text).contains("\\u{200"), "not in names");
    }
    for text in ["ad\u{200d}min", "па\u{200c}роль", "a\u{200d}", "\u{200d}a", "👩\u{200d}a"]
    {
        assert!(body(text).contains("\\u{200"), "{text:?}");
    }
}

#[test]
fn marks_do_not_climb() {
    let text = format!("a{}b", "\u{301}".repeat(100));
    assert_eq!(body(&text), format!("a{}b", "\u{301}".repeat(8)));
    let text = format!("{}b", "\u{301}".repeat(100));
    assert_eq!(body(&text).chars().count(), 8 + 1);
    // An emoji of several, each with its selector, is no pile of marks.
    let family = "👩\u{fe0f}\u{200d}".repeat(20) + "👩";
    assert_eq!(body(&family), family);
}

#[test]
fn what_is_not_utf_8_is_replaced_for_people_and_exact_for_programs() {
    let bytes = Body(b"a\xff\xfe\x1b".to_vec());
    assert_eq!(bytes.lines(None), ["a\u{fffd}\u{fffd}\\u{1b}"]);
    assert_eq!(serde_json::to_string(&bytes).unwrap(), r#"{"body_base64":"Yf/+Gw=="}"#);
    let text = Body("é\u{1b}".as_bytes().to_vec());
    assert_eq!(serde_json::to_string(&text).unwrap(), "{\"body\":\"é\\u001b\"}");
}

#[test]
fn lines_end_at_line_feeds_and_nowhere_else() {
    assert_eq!(Body(b"a\nb\n".to_vec()).lines(None), ["a", "b"]);
    assert_eq!(Body(b"a\n\nb".to_vec()).lines(None), ["a", "", "b"]);
    assert_eq!(Body(b"a\r\nb\x0bc\x0cd".to_vec()).lines(None), ["a\\u{d}", "b\\u{b}c\\u{c}d"]);
    assert_eq!(Body("a\u{85}b\u{2028}c".into()).lines(None), ["a\\u{85}b\\u{2028}c"]);
    assert_eq!(Body(Vec::new()).lines(None), [""]);
    assert_eq!(line("a\nb"), "a\\u{a}b");
}

#[test]
fn tabs_go_to_the_next_stop() {
    assert_eq!(body("a\tb\t\tc"), "a       b               c");
    assert_eq!(line("a\tb"), "a       b");
}

#[test]
fn lines_break_behind_blanks_and_by_columns() {
    let wrapped = |text: &str, width| Body(text.as_bytes().to_vec()).lines(Some(width));
    assert_eq!(wrapped("one two three", 8), ["one two", "three"]);
    assert_eq!(wrapped("one two three", 7), ["one two", "three"]);
    assert_eq!(wrapped("one two three", 6), ["one", "two", "three"]);
    assert_eq!(wrapped("abcdefghij", 4), ["abcd", "efgh", "ij"]);
    assert_eq!(wrapped("  a    b", 8), ["  a    b"], "a table stays");
    assert_eq!(wrapped("你好世界", 5), ["你好", "世界"]);
    assert_eq!(wrapped("你好", 1), ["你", "好"], "one character a line, if need be");
    assert_eq!(wrapped("e\u{301}e\u{301}e\u{301}", 2), ["e\u{301}e\u{301}", "e\u{301}"]);
    assert_eq!(wrapped("ab\u{1b}cd", 6), ["ab", "\\u{1b}", "cd"]);
    assert_eq!(wrapped("👩\u{200d}💻👩\u{200d}💻", 2), ["👩\u{200d}💻", "👩\u{200d}💻"]);
    assert_eq!(wrapped("", 5), [""]);
}

#[test]
fn nothing_is_lost_by_wrapping() {
    let text = "Ein längerer Text,  mit\tTabs und 你好世界, und einemsehrsehrsehrlangenWort darin.";
    let whole: String = body(text).split_whitespace().collect();
    for width in 1..100 {
        let lines = Body(text.as_bytes().to_vec()).lines(Some(width));
        assert!(lines.iter().all(|line| columns(line) <= width.max(2)), "{width}: {lines:?}");
        let joined: String = lines.concat().split_whitespace().collect();
        assert_eq!(joined, whole, "{width}");
    }
}
