//! What both kinds of link share: the characters allowed, the parameters, the
//! errors. SPEC §"Addresses and links".

use alloc::string::String;

use super::{NameError, RelayAddressError};
use crate::{base32::Base32Error, limits::MAX_LINK_BYTES};

/// Why a text is not a link. The writer's fault, or that of what mangled it on
/// the way. Holds no part of the text: links carry secrets.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum LinkError {
    /// More than any link has.
    #[error("link has more than {MAX_LINK_BYTES} characters")]
    TooLong,
    /// A control character or a space.
    #[error("character {0} of the link is a space or a control character")]
    Space(usize),
    /// A character outside ASCII.
    #[error("character {0} of the link is not ASCII")]
    NotAscii(usize),
    /// `%41`: no part of a link needs it.
    #[error("link uses percent encoding")]
    Percent,
    /// `#…`
    #[error("link has a fragment")]
    Fragment,
    /// Another kind of link, or none.
    #[error("link does not begin with {0}")]
    Scheme(&'static str),
    /// A name or password before a relay's host, or a second `@`.
    #[error("link has user information before the host")]
    UserInfo,
    /// A contact link without `name@`.
    #[error("link has no @ between name and relay")]
    NoAt,
    /// Something between host and parameters.
    #[error("link has a path")]
    Path,
    /// The account's name.
    #[error("name in the link: {0}")]
    Name(#[from] NameError),
    /// The relay.
    #[error("relay in the link: {0}")]
    Relay(#[from] RelayAddressError),
    /// `?` or `&` with nothing behind it.
    #[error("parameter {0} of the link is empty")]
    EmptyParameter(usize),
    /// A parameter without `=`.
    #[error("parameter {0} of the link has no value")]
    NoValue(usize),
    /// A parameter that such links do not have.
    #[error("parameter {0} of the link is unknown")]
    UnknownParameter(usize),
    /// The same parameter again.
    #[error("link has {0} twice")]
    Twice(&'static str),
    /// A parameter that such links always have.
    #[error("link has no {0}")]
    Missing(&'static str),
    /// A value that is not base32 of the right length.
    #[error("{parameter} in the link: {error}")]
    Value {
        /// Which parameter.
        parameter: &'static str,
        /// What is wrong with it.
        error: Base32Error,
    },
}

/// A link without its scheme: what stands before `?`, and what behind it.
pub(super) fn split<'a>(
    text: &'a str,
    scheme: &'static str,
) -> Result<(&'a str, Option<&'a str>), LinkError> {
    check_characters(text)?;
    let rest = text.strip_prefix(scheme).ok_or(LinkError::Scheme(scheme))?;
    match rest.split_once('?') {
        Some((head, parameters)) => Ok((head, Some(parameters))),
        None => Ok((rest, None)),
    }
}

fn check_characters(text: &str) -> Result<(), LinkError> {
    if text.len() > MAX_LINK_BYTES {
        return Err(LinkError::TooLong);
    }
    for (index, character) in text.chars().enumerate() {
        match character {
            '%' => return Err(LinkError::Percent),
            '#' => return Err(LinkError::Fragment),
            '\0'..=' ' | '\u{7f}' => return Err(LinkError::Space(index + 1)),
            _ if character.is_ascii() => {}
            _ => return Err(LinkError::NotAscii(index + 1)),
        }
    }
    Ok(())
}

/// The values of the `known` parameters, in that order.
pub(super) fn parameters<'a, const N: usize>(
    text: Option<&'a str>,
    known: [&'static str; N],
) -> Result<[Option<&'a str>; N], LinkError> {
    let mut values = [None; N];
    let Some(text) = text else { return Ok(values) };
    for (index, parameter) in text.split('&').enumerate() {
        let number = index + 1;
        if parameter.is_empty() {
            return Err(LinkError::EmptyParameter(number));
        }
        let (key, value) = parameter.split_once('=').ok_or(LinkError::NoValue(number))?;
        let (name, slot) = known
            .iter()
            .zip(&mut values)
            .find(|(name, _)| **name == key)
            .ok_or(LinkError::UnknownParameter(number))?;
        if slot.replace(value).is_some() {
            return Err(LinkError::Twice(name));
        }
    }
    Ok(values)
}

/// The inverse of [`parameters`]: those that have a value, behind `head`.
pub(super) fn write<const N: usize>(
    head: String,
    parameters: [(&'static str, Option<String>); N],
) -> String {
    let mut text = head;
    let mut mark = "?";
    for (name, value) in parameters {
        let Some(value) = value else { continue };
        for part in [mark, name, "=", &value] {
            text.push_str(part);
        }
        mark = "&";
    }
    text
}

/// Names the parameter in the error of its value.
pub(super) fn value<T>(
    parameter: &'static str,
    result: Result<T, Base32Error>,
) -> Result<T, LinkError> {
    result.map_err(|error| LinkError::Value { parameter, error })
}
