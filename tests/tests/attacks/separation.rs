//! Secrets of one kind are of no use as another: the compiler sees to it.
//! `msg_tests::separation` shows the programs that do not compile.

use msg_crypto::{
    agreement::AgreementSecret,
    identity::{DeviceSecret, IdentitySecret},
    kem::KemSecret,
    secret::Secret,
};
use msg_protocol::{
    key::VerifyingKey,
    secret::{AccountCredential, DeviceCredential, Door, Invite, LinkToken, Right},
};

/// Fails to compile if the type has the trait: both impls would then apply, and the
/// compiler could not tell which is meant.
macro_rules! assert_is_not {
    ($($type:ty),* : $($bound:tt)*) => {{
        trait Either<A> {
            fn is() {}
        }
        impl<T: ?Sized> Either<()> for T {}
        impl<T: ?Sized + $($bound)*> Either<u8> for T {}
        $(let () = <$type as Either<_>>::is();)*
    }};
}

#[test]
fn attack_09_one_key_for_login_and_for_messages() {
    // No private key of the end-to-end layer can be shown to a relay as a right.
    assert_is_not!(IdentitySecret, DeviceSecret, AgreementSecret, KemSecret, Secret<32>: Right);
    // No right signs, verifies, agrees, or turns into a key that does.
    assert_is_not!(DeviceCredential, AccountCredential, Door, LinkToken, Invite: VerifyingKey);
    assert_is_not!(DeviceCredential, AccountCredential, Door, LinkToken, Invite: Into<Secret<32>>);
    assert_is_not!(DeviceCredential, AccountCredential, Door, LinkToken: Into<IdentitySecret>);
    assert_is_not!(DeviceCredential, AccountCredential, Door, LinkToken: Into<DeviceSecret>);
    assert_is_not!(DeviceCredential, AccountCredential, Door, LinkToken: Into<AgreementSecret>);
    // And no secret of the end-to-end layer is copied or printed in passing.
    assert_is_not!(IdentitySecret, DeviceSecret, AgreementSecret, KemSecret, Secret<32>: Clone);
    assert_is_not!(IdentitySecret, DeviceSecret, AgreementSecret, KemSecret: core::fmt::Debug);
    assert_is_not!(IdentitySecret, DeviceSecret, Secret<32>: serde::Serialize);
}
