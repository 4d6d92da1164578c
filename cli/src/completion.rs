//! What a shell may offer next: words and flags from the definitions of the
//! arguments, and the names of contacts from the store, if that opens by itself.
//!
//! The shell runs `msg` with [`VARIABLE`] set to its own name, and behind `--` the
//! words that have been typed.

use std::{
    env,
    ffi::{OsStr, OsString},
    path::PathBuf,
    time::Duration,
};

use clap::CommandFactory as _;
use clap_complete::{
    engine::CompletionCandidate,
    env::{EnvCompleter, Shells},
};
use msg_client::{
    driver::ClientError,
    engine::contacts,
    home::Home,
    rows::Standing,
    store::sealed::Store,
    unlock::{self, Needed, Protection},
};

use crate::{
    args::Args,
    failure::{Exit, Failure},
    output, paths,
    secrets::cached,
};

/// What a shell sets to its name when it asks.
const VARIABLE: &str = "MSG_COMPLETE";
/// Who types does not wait longer for other commands.
const LOCK_WAIT: Duration = Duration::from_millis(500);

/// Answers a shell, if it is one that asks.
pub(crate) fn answer(arguments: &[OsString]) -> Option<Result<Exit, Failure>> {
    let name = env::var(VARIABLE).ok().filter(|name| !name.is_empty())?;
    let typed = arguments.iter().skip_while(|word| *word != "--").skip(1).cloned().collect();
    Some(candidates(&name, typed))
}

fn candidates(name: &str, typed: Vec<OsString>) -> Result<Exit, Failure> {
    let shell = Shells::builtins();
    let shell = shell.completer(name).ok_or_else(|| unknown(name))?;
    let mut command = Args::command();
    command.build();
    let mut found = Vec::new();
    let folder = env::current_dir().ok();
    shell
        .write_complete(&mut command, typed, folder.as_deref(), &mut found)
        .map_err(|error| Failure::new(Exit::Failed, error.to_string()))?;
    output::data(&found)?;
    Ok(Exit::Done)
}

/// What a shell has to read once so that it asks.
pub(crate) fn script(shell: &str) -> Result<Vec<u8>, Failure> {
    let shells = Shells::builtins();
    let found: &dyn EnvCompleter = shells.completer(shell).ok_or_else(|| unknown(shell))?;
    let mut script = Vec::new();
    found
        .write_registration(VARIABLE, "msg", "msg", "msg", &mut script)
        .map_err(|error| Failure::new(Exit::Failed, error.to_string()))?;
    Ok(script)
}

fn unknown(shell: &str) -> Failure {
    let names: Vec<&str> = Shells::builtins().names().collect();
    Failure::new(Exit::Usage, format!("there are no completions for `{shell}`"))
        .hint(format!("these are known: {}", names.join(", ")))
}

/// Contacts whose names begin so.
pub(crate) fn contact(current: &OsStr) -> Vec<CompletionCandidate> {
    let Some(current) = current.to_str() else { return Vec::new() };
    let names = names().unwrap_or_default().into_iter();
    names.filter(|name| name.starts_with(current)).map(CompletionCandidate::new).collect()
}

/// The same behind the last comma.
pub(crate) fn recipients(current: &OsStr) -> Vec<CompletionCandidate> {
    let Some(current) = current.to_str() else { return Vec::new() };
    let (before, last) = match current.rfind(',') {
        Some(at) => current.split_at(at + 1),
        None => ("", current),
    };
    let names = names().unwrap_or_default().into_iter();
    let fits = names.filter(|name| name.starts_with(last));
    fits.map(|name| CompletionCandidate::new(format!("{before}{name}"))).collect()
}

/// The names of all contacts; none if the store does not open by itself.
fn names() -> Option<Vec<String>> {
    let home = Home::at(profile_folder()?);
    let store = if unlock::needed(&home).ok()? == Needed::KeyFile {
        Store::unlock(home, Protection::KeyFile).ok()?
    } else {
        let key = cached::find(home.folder())?;
        Store::with_key(home, key)
    };
    let look = store.waiting(LOCK_WAIT).look("completion", |rows| {
        let all = contacts::all(rows)?;
        let named = all.into_iter().filter(|(_, row)| {
            matches!(row.standing, Standing::Added | Standing::Request)
                && !row.name.contains(|c: char| c.is_control() || c.is_whitespace())
        });
        Ok::<_, ClientError>(named.map(|(_, row)| row.name).collect())
    });
    look.ok()
}

/// The folder that the command which is being typed would use.
fn profile_folder() -> Option<PathBuf> {
    let typed: Vec<OsString> = env::args_os().skip_while(|word| word != "--").skip(1).collect();
    let flag = |name: &str| {
        let at = typed.iter().position(|word| word == name)?;
        typed.get(at + 1).cloned()
    };
    let home = flag("--home").or_else(|| env::var_os("MSG_HOME")).map(PathBuf::from);
    let profile = flag("--profile").or_else(|| env::var_os("MSG_PROFILE"));
    let profile = match profile.and_then(|name| name.into_string().ok()) {
        Some(name) => name.parse().ok()?,
        None => paths::Profile::default(),
    };
    paths::profile_folder(home.as_deref(), &profile).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_shell_has_a_script_that_asks_msg() {
        for shell in ["bash", "elvish", "fish", "powershell", "zsh"] {
            let script = String::from_utf8(script(shell).unwrap()).unwrap();
            assert!(script.contains(VARIABLE) && script.contains("msg"), "{shell}: {script}");
        }
        assert!(script("cmd").is_err());
    }
}
