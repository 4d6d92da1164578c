//! The bodies of the fuzz targets, as ordinary functions: `tests/fuzz` feeds them
//! with what libFuzzer makes up, `tests/tests/corpora.rs` with what it has found.
//!
//! Each target takes any bytes and panics where a promise is broken: that a value
//! has one encoding, that what is refused changes nothing, that output is bounded.
//! It returns whether the bytes got through to a value, so that a corpus which
//! no longer reaches anything is noticed.

mod archive;
mod decoder;
mod edit;
mod file;
mod frame;
mod link;
mod open;
mod ratchet;
mod rogue;
mod script;
pub mod seeds;
mod session;
mod shown;
mod signed;
mod store;
mod text;
mod words;
mod world;

/// A fuzz target.
pub struct Target {
    /// The name of its file in `tests/fuzz/fuzz_targets`, and of its corpus.
    pub name: &'static str,
    /// Runs it on one input; says whether the input was accepted.
    pub run: fn(&[u8]) -> bool,
}

macro_rules! targets {
    ($($module:ident::$name:ident),* $(,)?) => {
        $(pub use $module::$name;)*

        /// All targets.
        pub const TARGETS: &[Target] =
            &[$(Target { name: stringify!($name), run: $name }),*];
    };
}

targets! {
    archive::device_archive,
    archive::pair_archive,
    archive::prekeys_archive,
    archive::session_archive,
    decoder::card,
    decoder::client_frame,
    decoder::envelope,
    decoder::group_state,
    decoder::message,
    decoder::prekey_bundle,
    decoder::server_frame,
    file::file_lengths,
    file::file_payload,
    frame::frame_stream,
    link::link_client,
    link::link_pair,
    link::link_server,
    open::first_flight,
    open::pair_open,
    open::session_open,
    ratchet::conversation,
    rogue::initiator_part,
    rogue::rogue_peer,
    session::relay_session,
    shown::attachment_name,
    shown::term_filter,
    signed::signed_object,
    store::key_file,
    store::sealed_row,
    store::wrapped_key,
    text::address,
    text::base32_text,
    text::link,
    text::padding,
    text::safety_code,
    text::safety_number,
    text::username,
    words::cli_args,
    words::config_toml,
    words::setting,
}
