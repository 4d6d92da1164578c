//! Passwords and credentials.

use msg_crypto::password::Password;

use crate::case::each_case;

#[test]
fn credentials_are_as_the_vectors_say() {
    each_case("password", |kind, case| {
        assert_eq!(kind, "credential");
        let inputs = case.inputs();
        let password = Password::new(inputs.text("password"));
        assert_eq!(password.is_err(), case.is_refused());
        if let Ok(password) = password {
            let (host, name) = (inputs.text("host"), inputs.text("name"));
            let (host, name) = (host.parse().unwrap(), name.parse().unwrap());
            let credential = password.account_credential(&host, &name).unwrap();
            case.outputs().expect("credential", credential.expose());
        }
    });
}
