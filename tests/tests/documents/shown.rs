//! What a command shows, beside what its document shows: the same, but for what
//! nobody can know before: ids, times, keys, ports, and what is cut with an ellipsis.

/// What differs, if anything; `…` in the document stands for whatever there is.
pub(crate) fn difference(expected: &[String], shown: &str) -> Option<String> {
    let shown: Vec<String> = shown.lines().map(plain).collect();
    let wanted: Vec<String> = expected.iter().map(|line| plain(line)).collect();
    let same = wanted.len() == shown.len()
        && wanted.iter().zip(&shown).all(|(wanted, shown)| matches(wanted, shown));
    let both =
        || format!("the document has\n{}\nand it is\n{}", wanted.join("\n"), shown.join("\n"));
    (!same).then(both)
}

fn matches(wanted: &str, shown: &str) -> bool {
    let Some((before, after)) = wanted.split_once('…') else { return wanted == shown };
    let Some(rest) = shown.strip_prefix(before) else { return false };
    after.is_empty()
        || rest.char_indices().any(|(at, _)| matches(after, rest.get(at..).unwrap_or_default()))
}

/// A line with words in the place of what is another each time.
fn plain(line: &str) -> String {
    let mut plain = String::new();
    let mut word = String::new();
    for c in line.chars().chain(['\n']) {
        if c.is_ascii_alphanumeric() || c == ':' {
            word.push(c);
        } else {
            plain.push_str(&known(&word));
            word.clear();
            plain.push(c);
        }
    }
    plain.trim_end().to_owned()
}

fn known(word: &str) -> String {
    let hex = |c: char| c.is_ascii_digit() || ('a'..='f').contains(&c);
    let digits = |text: &str| !text.is_empty() && text.chars().all(|c| c.is_ascii_digit());
    if word.len() == 6 && word.chars().all(hex) && word.chars().any(|c| c.is_ascii_digit()) {
        return "<id..>".to_owned();
    }
    if word.len() == 52 {
        return "<key>".to_owned();
    }
    match word.split_once(':') {
        Some((hour, minute)) if hour.len() == 2 && digits(hour) && digits(minute) => {
            "<t.m>".to_owned()
        }
        Some((last, port)) if digits(last) && digits(port) => last.to_owned(),
        _ => word.to_owned(),
    }
}

#[test]
fn what_is_another_each_time_makes_no_difference() {
    let document = ["bob (bob@127.0.0.1)".to_owned(), "16:17  6d7ae2  alice    │ hello".to_owned()];
    let shown = "bob (bob@127.0.0.1:40123)\n09:01  0aa7e2  alice    │ hello\n";
    assert_eq!(difference(&document, shown), None);
    assert!(difference(&document, &shown.replace("hello", "hullo")).is_some());
    assert!(difference(&document, &shown.replace("    │", "   │")).is_some());
    assert!(difference(&document, "bob (bob@127.0.0.1)\n").is_some());
    assert_eq!(difference(&["a … c".to_owned()], "a b b c\n"), None);
    assert!(difference(&["a … c".to_owned()], "a b b d\n").is_some());
}
