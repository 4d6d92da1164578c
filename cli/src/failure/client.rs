//! What the client library could not do, as exit code, sentence and hint.

use std::path::Path;

use msg_client::{
    driver::{ClientError, admin::AdminError, files::FileError},
    engine::{
        EngineError,
        contacts::{AcceptError, AddError, TrustError},
        groups::GroupError,
        settings::SettingError,
    },
    link::{Fault, LinkError},
    lock::LockError,
    private::PrivateError,
    store::StoreError,
    transport::DialError,
    unlock::UnlockError,
};
use msg_protocol::error::Code;

use super::{Exit, Failure};
use crate::{prompt::PromptError, report};

impl From<ClientError> for Failure {
    fn from(error: ClientError) -> Self {
        let said = error.to_string();
        match error {
            ClientError::Engine(error) => error.into(),
            ClientError::Store(error) => error.into(),
            ClientError::Unlock(error) => error.into(),
            ClientError::Link(error) => (&error).into(),
            ClientError::Add(error) => error.into(),
            ClientError::Accept(error) => error.into(),
            ClientError::Trust(error) => error.into(),
            ClientError::Group(error) => error.into(),
            ClientError::NameTaken(_) => {
                Self::new(Exit::Refused, said).hint("choose another name").kept(false)
            }
            ClientError::AlreadyRegistered(_) => Self::new(Exit::Failed, said)
                .hint("use another profile for another account: --profile NAME"),
            ClientError::Begun(address) => Self::new(Exit::Failed, said).hint(format!(
                "finish it: msg register {address}; another account goes into another --profile"
            )),
            ClientError::NobodyThere(_) => {
                Self::new(Exit::Failed, said).hint("check the name, or ask for a contact link")
            }
            ClientError::BadCard(_) => Self::new(Exit::Trust, said)
                .hint("the relay, or somebody on the way to it, is not to be trusted"),
            ClientError::OtherIdentity(_) => Self::new(Exit::Trust, said)
                .hint("ask for a new link over a channel that you trust"),
            ClientError::NotVerified(_) => Self::new(Exit::Trust, said)
                .hint("do not send secrets before you have found out why it differs"),
            ClientError::Setting(SettingError::Value(setting, _)) => {
                Self::new(Exit::Usage, said).hint(format!("it can be: {}", setting.values()))
            }
            ClientError::Setting(_) => Self::new(Exit::Usage, said).hint("msg config lists them"),
            ClientError::KeyUsed(_) => Self::new(Exit::Usage, said)
                .hint("a key is for one message to the same people; choose another")
                .kept(false),
            ClientError::TooLong(_) => Self::new(Exit::Usage, said),
            ClientError::NotAccepted(name) => {
                Self::new(Exit::Failed, said).hint(format!("msg accept {name}"))
            }
            ClientError::File(error) => error.into(),
            ClientError::Admin(error) => error.into(),
            ClientError::MailboxBusy => Self::new(Exit::Busy, said)
                .hint("end the msg recv --follow that runs, or wait for it"),
            _ => Self::new(Exit::Failed, said),
        }
    }
}

impl From<FileError> for Failure {
    fn from(error: FileError) -> Self {
        let said = error.to_string();
        match error {
            FileError::TooLarge { limit } => {
                let size = report::file::size(limit);
                Self::new(
                    Exit::Refused,
                    format!("it is larger than the {size} that the relay takes"),
                )
                .kept(false)
            }
            FileError::NoFiles | FileError::TooLong => Self::new(Exit::Refused, said).kept(false),
            FileError::Gone => Self::new(Exit::Refused, said)
                .hint("relays keep files for a while only; ask for it again")
                .kept(false),
            FileError::Altered | FileError::Misstated => Self::new(Exit::Trust, said)
                .hint("nothing of it was kept; ask its sender to send it again"),
            FileError::Exists(_) => Self::new(Exit::Failed, said)
                .hint("nothing is ever overwritten: choose another name with -o"),
            _ => Self::new(Exit::Failed, said),
        }
    }
}

impl From<AdminError> for Failure {
    fn from(error: AdminError) -> Self {
        let said = error.to_string();
        match error {
            AdminError::LongNote(_) => Self::new(Exit::Usage, said),
            AdminError::NoSuchInvite => {
                Self::new(Exit::Failed, said).hint("msg admin invite list shows those that are out")
            }
            AdminError::NoSuchUser(_) => {
                Self::new(Exit::Failed, said).hint("msg admin users list shows them all")
            }
            AdminError::AmbiguousInvite => Self::new(Exit::Failed, said).hint("write more of it"),
            _ => Self::new(Exit::Failed, said),
        }
    }
}

impl From<EngineError> for Failure {
    fn from(error: EngineError) -> Self {
        let said = error.to_string();
        match error {
            EngineError::Store(error) => error.into(),
            EngineError::NoAccount => no_account(said),
            EngineError::LongEdit => Self::new(Exit::Usage, said)
                .hint("delete the line, and send the text as a message of its own"),
            EngineError::NoContact(name) => Self::new(Exit::Failed, said).hint(unknown(&name)),
            _ => Self::new(Exit::Failed, said).hint("msg doctor looks into it"),
        }
    }
}

impl From<AddError> for Failure {
    fn from(error: AddError) -> Self {
        let said = error.to_string();
        match error {
            AddError::Engine(error) => error.into(),
            AddError::NameTaken(_) => Self::new(Exit::Failed, said)
                .hint("choose another name; msg add-contact takes it with --as NAME"),
            AddError::Changed(name) => Self::new(Exit::Trust, said)
                .hint(format!("compare fingerprints, then: msg trust {name}")),
            _ => Self::new(Exit::Failed, said),
        }
    }
}

impl From<AcceptError> for Failure {
    fn from(error: AcceptError) -> Self {
        let said = error.to_string();
        match error {
            AcceptError::Engine(error) => error.into(),
            AcceptError::InPlaceOf(name) => Self::new(Exit::Trust, said)
                .hint(format!("compare fingerprints, then: msg trust {name}")),
            _ => Self::new(Exit::Trust, said)
                .hint("if you know their address: msg add-contact NAME@HOST"),
        }
    }
}

impl From<TrustError> for Failure {
    fn from(error: TrustError) -> Self {
        let said = error.to_string();
        match error {
            TrustError::Engine(error) => error.into(),
            _ => Self::new(Exit::Trust, said).hint("look again: msg verify shows what there is"),
        }
    }
}

impl From<GroupError> for Failure {
    fn from(error: GroupError) -> Self {
        let said = error.to_string();
        match error {
            GroupError::Engine(error) => error.into(),
            GroupError::NoGroup(_) => Self::new(Exit::Failed, said)
                .hint("msg group list shows them; msg group create makes one"),
            GroupError::NotInvited(_) => {
                Self::new(Exit::Failed, said).hint("msg group list shows who asks you in")
            }
            GroupError::Joined(name) => {
                Self::new(Exit::Failed, said).hint(format!("msg group leave {name} takes you out"))
            }
            GroupError::Unchecked(_) => Self::new(Exit::Unreachable, said)
                .hint("try again when the relays of its members are there"),
            GroupError::LastAdmin(name) => Self::new(Exit::Failed, said)
                .hint(format!("make somebody else an admin first: msg group promote {name} WHO")),
            GroupError::NameTaken(name) => Self::new(Exit::Failed, said)
                .hint(format!("msg group add {name} WHO asks somebody into it")),
            GroupError::BadName(_) => {
                Self::new(Exit::Usage, said).hint("one word, without commas or #")
            }
            GroupError::NotMember { group, .. } | GroupError::MemberAlready { group, .. } => {
                Self::new(Exit::Failed, said)
                    .hint(format!("msg group info {group} shows who is in it"))
            }
            GroupError::Unfitting(name) => {
                Self::new(Exit::Failed, said).hint(format!("msg group info {name} shows it"))
            }
            GroupError::TooMuch(_) => {
                Self::new(Exit::Failed, said).hint("a group has at most 1,000 members")
            }
            _ => Self::new(Exit::Failed, said),
        }
    }
}

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Self {
        let said = error.to_string();
        match error {
            StoreError::Missing(path) => no_account(missing(path.parent().unwrap_or(&path))),
            StoreError::Full => {
                Self::new(Exit::Failed, said).hint("nothing was sent that is not stored")
            }
            StoreError::Damaged(_) | StoreError::Broken(_) => {
                Self::new(Exit::Failed, said).hint("it is left as it is; msg doctor looks into it")
            }
            StoreError::Foreign(_) | StoreError::OtherVersion { .. } => {
                Self::new(Exit::Failed, said).hint("it is left as it is; use a newer msg")
            }
            StoreError::Replaced(_) => {
                Self::new(Exit::Locked, said).hint("msg lock, then msg unlock")
            }
            StoreError::Lock(error) => error.into(),
            StoreError::Private(error) => error.into(),
            _ => Self::new(Exit::Failed, said),
        }
    }
}

impl From<LockError> for Failure {
    fn from(error: LockError) -> Self {
        let said = error.to_string();
        match error {
            LockError::Busy { .. } => {
                Self::new(Exit::Busy, said).hint("wait for it longer with --lock-wait 2m")
            }
            LockError::NoFolder(folder) => no_account(missing(&folder)),
            LockError::Private(error) => error.into(),
            _ => Self::new(Exit::Failed, said),
        }
    }
}

impl From<PrivateError> for Failure {
    fn from(error: PrivateError) -> Self {
        let said = error.to_string();
        match error {
            PrivateError::Loose { path, .. } => {
                let mode = if path.is_dir() { "700" } else { "600" };
                Self::new(Exit::Failed, said).hint(format!("chmod {mode} {}", path.display()))
            }
            _ => Self::new(Exit::Failed, said),
        }
    }
}

impl From<UnlockError> for Failure {
    fn from(error: UnlockError) -> Self {
        let said = error.to_string();
        match error {
            UnlockError::Store(error) => error.into(),
            UnlockError::WrongPassword | UnlockError::NeedsPassword => {
                Self::new(Exit::Locked, said)
            }
            _ => Self::new(Exit::Failed, said),
        }
    }
}

impl From<&LinkError> for Failure {
    fn from(error: &LinkError) -> Self {
        let said = error.to_string();
        let failure = match error.fault() {
            Fault::Unreachable => Self::new(Exit::Unreachable, said),
            Fault::Untrusted => untrusted(error, said),
            Fault::Refused => {
                let kept = error.refusal().is_some_and(|refusal| refusal.keep);
                let failure = Self::new(Exit::Refused, said).kept(kept);
                let code = error.refusal().map(|refusal| refusal.code);
                match error {
                    LinkError::Refused(_) if code == Some(Code::NOT_ALLOWED) => failure.hint(
                        "ask the operator: msg-relay admin add NAME; accounts of \
                         administrators are the operator's alone",
                    ),
                    LinkError::SignInRefused(_) if code == Some(Code::DENIED) => failure.hint(
                        "if the relay was made anew, it takes the same account again: \
                         msg register NAME --relay LINK",
                    ),
                    _ => failure,
                }
            }
            _ => Self::new(Exit::Failed, said),
        };
        match error.retry_after() {
            Some(time) => failure.retry_after(time.as_secs()),
            None => failure,
        }
    }
}

fn untrusted(error: &LinkError, said: String) -> Failure {
    let failure = Failure::new(Exit::Trust, said);
    match error {
        LinkError::Dial { error: DialError::Unknown { .. }, .. } => {
            failure.hint("ask its operator for the relay's link, which holds the pin")
        }
        _ => failure.hint("ask its operator whether the relay has a new key"),
    }
}

/// What to do about a name that no contact has.
pub(crate) fn unknown(name: &str) -> String {
    let small = name.to_lowercase();
    let capitals = if small == name { "" } else { "; capitals count" };
    format!(
        "msg contacts lists them{capitals}; msg add-contact {small} adds somebody; \
        a group is written '#{small}'"
    )
}

fn missing(folder: &Path) -> String {
    format!("there is no account in {}", folder.display())
}

fn no_account(said: String) -> Failure {
    Failure::new(Exit::Failed, said)
        .hint("msg register NAME --relay LINK makes an account; --profile names another one")
}

impl From<PromptError> for Failure {
    fn from(error: PromptError) -> Self {
        Self::new(Exit::Locked, error.to_string())
    }
}
