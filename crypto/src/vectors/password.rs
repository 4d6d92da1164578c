//! From a password to the credential that a relay is shown.

use alloc::vec;

use msg_protocol::hash::{Label, hash, truncate};

use super::{
    case::{Case, File},
    json::object,
};
use crate::{
    argon2id::{Costs, argon2id},
    kdf::hkdf,
    password::Password,
    secret::Secret,
};

#[test]
fn credentials_are_as_their_vectors_say() {
    let cases = vec![
        credential("a password", "correct horse battery staple", "relay.example", "alice"),
        credential("of another account", "correct horse battery staple", "relay.example", "bob"),
        credential("at another relay", "correct horse battery staple", "192.0.2.7", "alice"),
        credential(
            "beyond ASCII: NFKC composes, and undoes ligatures and wide forms",
            "\u{fb01}ance\u{301}e \u{2116}5 \u{ff12}\u{ff10}\u{ff12}\u{ff16}",
            "[2001:db8::7]",
            "c.d_e-9",
        ),
        credential(
            "eight characters, one of them two",
            "e\u{301}1234567",
            "relay.example",
            "alice",
        ),
        refused("seven characters", "1234567"),
        refused("eight code points that NFKC makes seven", "e\u{301}123456"),
        refused("more than 1,024 bytes", &"x".repeat(1_025)),
    ];
    File {
        name: "password",
        about: "Credentials. The password is as it was typed; `normal` is its NFKC in UTF-8.",
        spec: "crypto/SPEC.md §9",
        cases,
    }
    .keep();
}

fn credential(name: &str, typed: &str, host: &str, account: &str) -> Case {
    let password = Password::new(typed).ok().unwrap();
    let made = password.account_credential(&host.parse().unwrap(), &account.parse().unwrap());
    let salt: [u8; 16] =
        truncate(hash(Label::new("pw-salt"), &[host.as_bytes(), account.as_bytes()]));
    let master = argon2id(password.as_bytes(), &salt, Costs::STANDARD).unwrap();
    let credential: Secret<32> = hkdf(&[], &[master.expose()], &[&Label::new("auth").bytes()]);
    assert_eq!(made.unwrap().expose(), credential.expose());
    Case::new("credential", name, object! { "password": typed, "host": host, "name": account })
        .steps(object! { "normal": password.as_bytes(), "salt": &salt, "master": &master })
        .outputs(object! { "credential": &credential })
}

fn refused(name: &str, typed: &str) -> Case {
    assert!(Password::new(typed).is_err());
    let inputs = object! { "password": typed, "host": "relay.example", "name": "alice" };
    Case::new("credential", name, inputs).refused(true)
}
