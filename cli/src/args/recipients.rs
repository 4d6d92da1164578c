//! To whom, and what: `TO[,TO…] [TEXT…]`.
//!
//! The first argument is the recipients, all of them; what follows is text. So a
//! word of the text is never taken for a name, and nobody gets a message for
//! being mentioned in it.

use core::str::FromStr;
use std::ffi::OsString;
use std::os::unix::ffi::OsStrExt as _;

/// Most recipients of one command.
pub(crate) const MAX_RECIPIENTS: usize = 1_000;

/// Names, addresses or links, in the order given, none twice.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Recipients(Vec<String>);

/// Why a text names no recipients. The writer's fault.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum RecipientsError {
    /// Nothing, or nothing between two commas.
    #[error("a name is missing; several are written as bob,carol")]
    Missing,
    /// White space, which no name has.
    #[error("`{0}` is no name; the recipient comes first, then the text")]
    Space(String),
    /// More than one command sends to.
    #[error("these are more than {MAX_RECIPIENTS} recipients")]
    TooMany,
}

impl Recipients {
    /// One after the other.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(String::as_str)
    }
}

impl FromStr for Recipients {
    type Err = RecipientsError;

    fn from_str(text: &str) -> Result<Self, RecipientsError> {
        let mut names: Vec<String> = Vec::new();
        for name in text.split(',') {
            if name.is_empty() {
                return Err(RecipientsError::Missing);
            }
            if name.contains(char::is_whitespace) {
                return Err(RecipientsError::Space(name.to_owned()));
            }
            if !names.iter().any(|known| known == name) {
                names.push(name.to_owned());
            }
        }
        if names.len() > MAX_RECIPIENTS { Err(RecipientsError::TooMany) } else { Ok(Self(names)) }
    }
}

/// `send -g NAME` as `send '#NAME'`, which an unquoted word of a shell cannot say.
pub(crate) fn grouped(arguments: &[OsString]) -> Vec<OsString> {
    let place = arguments.iter().position(|argument| argument == "send");
    let Some((before, after)) = place.and_then(|place| arguments.split_at_checked(place + 1))
    else {
        return arguments.to_vec();
    };
    let (mut groups, mut rest) = (Vec::new(), Vec::new());
    let mut words = after.iter();
    while let Some(word) = words.next() {
        if word == "--" {
            rest.push(word.clone());
            rest.extend(words.by_ref().cloned());
        } else if let (true, Some(name)) =
            (word == "-g" || word == "--group", words.as_slice().first())
        {
            let name = name.to_string_lossy();
            groups.push(format!("#{}", name.trim_start_matches('#')));
            words.next();
        } else {
            rest.push(word.clone());
        }
    }
    if groups.is_empty() {
        return arguments.to_vec();
    }
    [before, &[groups.join(",").into()], rest.as_slice()].concat()
}

/// Where the text comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Given {
    /// From the arguments, exactly; several stand a blank apart.
    Text(Vec<u8>),
    /// From stdin: `-`.
    Stdin,
    /// Nowhere: from stdin if that is not a terminal.
    Nothing,
}

/// What the arguments behind the recipients say.
pub(crate) fn given(words: &[OsString]) -> Given {
    match words {
        [] => Given::Nothing,
        [only] if only == "-" => Given::Stdin,
        words => {
            let words: Vec<&[u8]> = words.iter().map(|word| word.as_bytes()).collect();
            Given::Text(words.join(&b' '))
        }
    }
}

/// The first of several words, if it looks like one more recipient: an address,
/// a link, or somebody who is known. Whoever meant that forgot the comma; whoever
/// did not can quote the text.
pub(crate) fn stray_recipient(
    words: &[OsString],
    is_known: impl FnOnce(&str) -> bool,
) -> Option<&str> {
    let [first, _, ..] = words else { return None };
    let first = std::str::from_utf8(first.as_bytes()).ok()?;
    let is_address = first.parse::<msg_protocol::address::Address>().is_ok();
    (is_address || first.starts_with("msg:") || is_known(first)).then_some(first)
}

#[cfg(test)]
mod tests {
    use std::os::unix::ffi::OsStringExt as _;

    use super::*;

    fn words(words: &[&str]) -> Vec<OsString> {
        words.iter().map(OsString::from).collect()
    }

    #[test]
    fn a_group_can_be_named_without_its_sign() {
        let lines = [
            (&["msg", "send", "-g", "ops", "hi"][..], &["msg", "send", "#ops", "hi"][..]),
            (
                &["msg", "send", "--queue", "--group", "#a", "-g", "b"],
                &["msg", "send", "#a,#b", "--queue"],
            ),
            (
                &["msg", "send", "bob", "--", "-g", "ops"],
                &["msg", "send", "bob", "--", "-g", "ops"],
            ),
            (&["msg", "send", "bob", "-g"], &["msg", "send", "bob", "-g"]),
            (&["msg", "recv", "-g", "ops"], &["msg", "recv", "-g", "ops"]),
        ];
        for (line, meant) in lines {
            assert_eq!(grouped(&words(line)), words(meant));
        }
    }

    #[test]
    fn several_recipients_stand_between_commas() {
        let recipients: Recipients = "bob,carol@relay.two,bob".parse().unwrap();
        assert_eq!(recipients.iter().collect::<Vec<_>>(), ["bob", "carol@relay.two"]);
    }

    #[test]
    fn a_slip_is_no_recipient() {
        let error = |text: &str| text.parse::<Recipients>().unwrap_err();
        assert_eq!(error(""), RecipientsError::Missing);
        assert_eq!(error("bob,"), RecipientsError::Missing);
        assert_eq!(error("bob,,carol"), RecipientsError::Missing);
        assert_eq!(error("good morning"), RecipientsError::Space("good morning".into()));
        let many: Vec<String> = (0..=MAX_RECIPIENTS).map(|number| format!("n{number}")).collect();
        assert_eq!(error(&many.join(",")), RecipientsError::TooMany);
    }

    #[test]
    fn text_is_taken_exactly() {
        assert_eq!(given(&[]), Given::Nothing);
        assert_eq!(given(&words(&["-"])), Given::Stdin);
        assert_eq!(given(&words(&["hello", "world"])), Given::Text(b"hello world".to_vec()));
        assert_eq!(given(&words(&[" a  b\n"])), Given::Text(b" a  b\n".to_vec()));
        assert_eq!(given(&words(&["-", "5"])), Given::Text(b"- 5".to_vec()));
        let bytes = OsString::from_vec(vec![0xff, 0xfe]);
        assert_eq!(given(&[bytes]), Given::Text(vec![0xff, 0xfe]));
    }

    #[test]
    fn a_second_recipient_without_a_comma_is_noticed() {
        let known = |name: &str| name == "carol";
        let stray = |list: &[&str]| stray_recipient(&words(list), known).map(str::to_owned);
        assert_eq!(stray(&["carol", "hello"]).as_deref(), Some("carol"));
        assert_eq!(stray(&["carol@relay.two", "hello"]).as_deref(), Some("carol@relay.two"));
        assert_eq!(stray(&["hello", "carol"]), None);
        // One argument is a text, whatever it says: scripts quote.
        assert_eq!(stray(&["carol"]), None);
        assert_eq!(stray(&["carol hello"]), None);
    }
}
