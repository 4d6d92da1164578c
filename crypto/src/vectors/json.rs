//! JSON as the vectors write it: members in the order in which they are made,
//! bytes as lower-case hex, everything outside ASCII escaped but for §.

use alloc::{
    string::{String, ToString as _},
    vec::Vec,
};
use core::fmt::Write as _;

use data_encoding::HEXLOWER;

use crate::secret::Secret;

/// The largest integer that every reader of JSON takes exactly.
const MAX_EXACT: u64 = 1 << 53;

/// A JSON value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Json {
    Null,
    Bool(bool),
    Number(u64),
    Text(String),
    List(Vec<Self>),
    Object(Vec<(String, Self)>),
}

/// An object with its members in this order: `object! { "name": value, … }`.
macro_rules! object {
    ($($name:literal : $value:expr),* $(,)?) => {
        $crate::vectors::json::Json::Object(alloc::vec![
            $((alloc::string::String::from($name), $crate::vectors::json::Json::from($value))),*
        ])
    };
}
pub(crate) use object;

impl Json {
    /// Adds a member to an object.
    pub(crate) fn with(mut self, name: &str, value: impl Into<Self>) -> Self {
        let Self::Object(members) = &mut self else { panic!("only objects have members") };
        members.push((name.into(), value.into()));
        self
    }

    /// A member of an object.
    pub(crate) fn member(&self, name: &str) -> Option<&Self> {
        let Self::Object(members) = self else { return None };
        members.iter().find(|(known, _)| known == name).map(|(_, value)| value)
    }

    /// The text of a file.
    pub(crate) fn to_document(&self) -> String {
        let mut out = String::new();
        self.write(&mut out, 0);
        out.push('\n');
        out
    }

    fn write(&self, out: &mut String, depth: usize) {
        match self {
            Self::Null => out.push_str("null"),
            Self::Bool(value) => out.push_str(&value.to_string()),
            Self::Number(value) if *value < MAX_EXACT => out.push_str(&value.to_string()),
            Self::Number(value) => write_text(out, &value.to_string()),
            Self::Text(text) => write_text(out, text),
            Self::List(items) => {
                write_block(out, depth, ('[', ']'), items, |out, item| item.write(out, depth + 1));
            }
            Self::Object(members) => {
                write_block(out, depth, ('{', '}'), members, |out, (name, value)| {
                    write_text(out, name);
                    out.push_str(": ");
                    value.write(out, depth + 1);
                });
            }
        }
    }
}

fn write_block<T>(
    out: &mut String,
    depth: usize,
    (open, close): (char, char),
    items: &[T],
    mut write: impl FnMut(&mut String, &T),
) {
    out.push(open);
    for (index, item) in items.iter().enumerate() {
        out.push_str(if index == 0 { "\n" } else { ",\n" });
        out.push_str(&" ".repeat(depth + 1));
        write(out, item);
    }
    if !items.is_empty() {
        out.push('\n');
        out.push_str(&" ".repeat(depth));
    }
    out.push(close);
}

fn write_text(out: &mut String, text: &str) {
    out.push('"');
    for unit in text.encode_utf16() {
        match u8::try_from(unit).map(char::from) {
            Ok(c @ ('"' | '\\')) => out.extend(['\\', c]),
            Ok(c @ (' '..='~' | '§')) => out.push(c),
            _ => write!(out, "\\u{unit:04x}").unwrap(),
        }
    }
    out.push('"');
}

impl From<bool> for Json {
    fn from(value: bool) -> Self {
        Self::Bool(value)
    }
}

impl From<&str> for Json {
    fn from(text: &str) -> Self {
        Self::Text(text.into())
    }
}

impl From<String> for Json {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}

impl From<&[u8]> for Json {
    fn from(bytes: &[u8]) -> Self {
        Self::Text(HEXLOWER.encode(bytes))
    }
}

impl From<&Vec<u8>> for Json {
    fn from(bytes: &Vec<u8>) -> Self {
        bytes.as_slice().into()
    }
}

impl<const N: usize> From<&[u8; N]> for Json {
    fn from(bytes: &[u8; N]) -> Self {
        bytes.as_slice().into()
    }
}

impl<const N: usize> From<&Secret<N>> for Json {
    fn from(secret: &Secret<N>) -> Self {
        secret.expose().into()
    }
}

impl From<Vec<Self>> for Json {
    fn from(items: Vec<Self>) -> Self {
        Self::List(items)
    }
}

impl<T: Into<Self>> From<Option<T>> for Json {
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::Null, Into::into)
    }
}

macro_rules! number {
    ($($type:ty),*) => {$(
        impl From<$type> for Json {
            fn from(value: $type) -> Self {
                Self::Number(u64::try_from(value).expect("a number of 64 bits"))
            }
        }
    )*};
}

number!(u8, u16, u32, u64, usize);

#[test]
fn members_keep_their_order_and_bytes_are_hex() {
    let value =
        object! { "b": &[0xab_u8, 0x01], "a": Json::from(alloc::vec![1_u8.into(), Json::Null]) };
    let text = value.with("c", u64::MAX).with("e", "\u{e9}\"").to_document();
    let expected = "{\n \"b\": \"ab01\",\n \"a\": [\n  1,\n  null\n ],\n \
                    \"c\": \"18446744073709551615\",\n \"e\": \"\\u00e9\\\"\"\n}\n";
    assert_eq!(text, expected);
}
