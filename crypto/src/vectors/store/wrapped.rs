//! The data key, wrapped by a password and by a key file.

use alloc::{string::ToString as _, vec::Vec};

use msg_protocol::hash::Label;

use crate::{
    aead,
    argon2id::{Costs, argon2id},
    at_rest::{DataKey, KeyFile, KeyFileWrapped, PasswordWrapped, WrappedKey},
    kdf::hkdf,
    password::Password,
    secret::Secret,
    vectors::{
        case::Case,
        draws::{Drawn, Draws},
        json::object,
    },
};

const DRAWS: [(&str, usize); 2] = [("salt", 16), ("nonce", 24)];
/// Where the costs, the salt and the nonce stand behind `msgkey`, version and kind.
const COSTS_AT: usize = 8;

/// What somebody tries to open a wrapped key with.
enum Unlocking<'a> {
    Password(&'a str),
    KeyFile(Secret<32>),
}

const PASSWORD: Unlocking<'static> = Unlocking::Password("correct horse");

/// All cases of wrapped keys.
pub(super) fn cases(key: &Secret<32>, rng: &mut Draws) -> Vec<Case> {
    let (mut cases, mut wrapped) = (Vec::new(), Vec::new());
    let costs = [
        ("little work", "correct horse", [32, 1, 1]),
        ("several lanes", "\u{fb01}ance\u{301}e \u{2116}5", [64, 2, 4]),
        ("the usual work", "correct horse", [65_536, 3, 1]),
    ];
    for (name, password, [memory, passes, lanes]) in costs {
        let costs = Costs::new(memory, passes, lanes).unwrap();
        let (case, bytes) = by_password(name, key, password, costs, rng);
        cases.push(case);
        wrapped.push(bytes);
    }
    let file_key: Secret<32> = rng.secret();
    let (case, bytes) = by_key_file(key, &file_key, rng);
    cases.push(case);
    cases.extend(refused_passwords(&wrapped[0]));
    cases.push(refused("another key file", &Unlocking::KeyFile(rng.secret()), &bytes));
    cases.push(refused("a password in place of a key file", &PASSWORD, &bytes));
    cases.extend(key_files(&file_key));
    cases
}

/// `header || nonce || XAEAD(KEK, nonce, header, K)`.
fn formula(header: &[u8], kek: &Secret<32>, key: &Secret<32>, drawn: &Drawn) -> Vec<u8> {
    let nonce: [u8; 24] = drawn.bytes("nonce").try_into().unwrap();
    let mut sealed = key.expose().to_vec();
    aead::xseal(kek.expose(), &nonce, header, &mut sealed, 0);
    [header, &nonce, &sealed].concat()
}

fn by_password(
    name: &str,
    key: &Secret<32>,
    typed: &str,
    costs: Costs,
    rng: &mut Draws,
) -> (Case, Vec<u8>) {
    let password = Password::new(typed).ok().unwrap();
    let data_key = DataKey::new(key.duplicate());
    let (made, drawn) = rng.record(&DRAWS, |rng| {
        PasswordWrapped::wrap(&data_key, &password, costs, rng).unwrap().to_bytes()
    });
    let salt = drawn.secret::<16>("salt");
    let [memory, passes, lanes] = [costs.memory_kib(), costs.passes(), costs.lanes()];
    let header = [
        b"msgkey\x01\x01".as_slice(),
        &memory.to_be_bytes(),
        &passes.to_be_bytes(),
        &lanes.to_be_bytes(),
        salt.expose(),
    ]
    .concat();
    let hash = argon2id(password.as_bytes(), salt.expose(), costs).unwrap();
    let label = Label::new("wrap/password").bytes();
    let kek: Secret<32> = hkdf(salt.expose(), &[hash.expose()], &[&label]);
    let wrapped = formula(&header, &kek, key, &drawn);
    assert_eq!(made, wrapped);
    let inputs = object! {
        "data key": key, "password": typed, "m": memory, "t": passes, "p": lanes,
        "draws": drawn.to_json(),
    };
    let steps = object! { "normal": password.as_bytes(), "header": &header, "argon2id": &hash, "KEK": &kek };
    let case = Case::new("wrap by password", name, inputs).steps(steps);
    (case.outputs(object! { "wrapped": &wrapped }), wrapped)
}

fn by_key_file(key: &Secret<32>, file_key: &Secret<32>, rng: &mut Draws) -> (Case, Vec<u8>) {
    let data_key = DataKey::new(key.duplicate());
    let file = KeyFile::new(file_key.duplicate());
    let (made, drawn) =
        rng.record(&DRAWS, |rng| KeyFileWrapped::wrap(&data_key, &file, rng).to_bytes());
    let salt = drawn.secret::<16>("salt");
    let header = [b"msgkey\x01\x02".as_slice(), salt.expose()].concat();
    let label = Label::new("wrap/key-file").bytes();
    let kek: Secret<32> = hkdf(salt.expose(), &[file_key.expose()], &[&label]);
    let wrapped = formula(&header, &kek, key, &drawn);
    assert_eq!(made, wrapped);
    let inputs = object! { "data key": key, "file key": file_key, "draws": drawn.to_json() };
    let case = Case::new("wrap by key file", "a key file", inputs)
        .steps(object! { "header": &header, "KEK": &kek })
        .outputs(object! { "wrapped": &wrapped });
    (case, wrapped)
}

fn refused_passwords(wrapped: &[u8]) -> Vec<Case> {
    let costs = |memory: u32, passes: u32, lanes: u32| {
        let mut bytes = wrapped.to_vec();
        let costs = [memory, passes, lanes].map(u32::to_be_bytes).concat();
        bytes.splice(COSTS_AT..COSTS_AT + costs.len(), costs);
        bytes
    };
    let replaced = |at: usize, byte: u8| {
        let mut bytes = wrapped.to_vec();
        bytes[at] = byte;
        bytes
    };
    let mut longer = wrapped.to_vec();
    longer.push(0);
    let list = [
        ("lower costs than it was wrapped with", costs(16, 1, 1)),
        ("memory over 1 GiB", costs((1 << 20) + 1, 1, 1)),
        ("eleven passes", costs(32, 11, 1)),
        ("seventeen lanes", costs(1_024, 1, 17)),
        ("no memory", costs(0, 1, 1)),
        ("no pass", costs(32, 0, 1)),
        ("no lane", costs(32, 1, 0)),
        ("less than 8 KiB a lane", costs(31, 1, 4)),
        ("an altered salt", replaced(COSTS_AT + 12, wrapped[COSTS_AT + 12] ^ 1)),
        ("an altered key", replaced(wrapped.len() - 1, wrapped[wrapped.len() - 1] ^ 1)),
        ("another version", replaced(6, 2)),
        ("an unknown way of wrapping", replaced(7, 3)),
        ("something else", replaced(0, b'M')),
        ("cut off", wrapped[..wrapped.len() - 1].to_vec()),
        ("a byte follows", longer),
    ];
    let cases = list.into_iter().map(|(name, bytes)| refused(name, &PASSWORD, &bytes));
    let other = Unlocking::Password("incorrect horse");
    [refused("another password", &other, wrapped)].into_iter().chain(cases).collect()
}

/// A wrapped key that must not open.
fn refused(name: &str, by: &Unlocking<'_>, wrapped: &[u8]) -> Case {
    let opened = match (WrappedKey::parse(wrapped), by) {
        (Ok(WrappedKey::Password(wrapped)), Unlocking::Password(typed)) => {
            wrapped.unwrap(&Password::new(typed).ok().unwrap()).is_ok()
        }
        (Ok(WrappedKey::KeyFile(wrapped)), Unlocking::KeyFile(key)) => {
            wrapped.unwrap(&KeyFile::new(key.duplicate())).is_ok()
        }
        _ => false,
    };
    assert!(!opened, "{name}");
    let (password, key) = match by {
        Unlocking::Password(password) => (Some(*password), None),
        Unlocking::KeyFile(key) => (None, Some(key)),
    };
    let inputs = object! { "wrapped": wrapped, "password": password, "file key": key };
    Case::new("unwrap", name, inputs).refused(true)
}

fn key_files(key: &Secret<32>) -> Vec<Case> {
    let file = KeyFile::new(key.duplicate());
    let text = file.to_secret_text();
    let list = [
        ("without a newline", text.trim_end().to_string()),
        ("with another line", alloc::format!("{}\n", *text)),
        ("in capitals", text.to_uppercase().replace("MSG-STORE-KEY-1", "msg-store-key-1")),
        ("of another version", text.replace("-1:", "-2:")),
        ("too short", alloc::format!("{}\n", &text[..text.len() - 2])),
    ];
    let refuse = |(name, text): (&str, alloc::string::String)| {
        assert!(KeyFile::from_secret_text(&text).is_err());
        Case::new("key file", name, object! { "text": text }).refused(true)
    };
    let good = Case::new("key file", "a key file", object! { "text": text.as_str() })
        .outputs(object! { "file key": key });
    [good].into_iter().chain(list.map(refuse)).collect()
}
