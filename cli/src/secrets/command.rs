//! `MSG_PASSWORD_COMMAND`: a program that prints the password.
//!
//! No shell runs it. A value that begins with `[` is a JSON array of program and
//! arguments; any other is split at white space, and nothing in it is special.

use std::process::{Command, Stdio};

use zeroize::Zeroizing;

use super::SecretError;

/// What the command prints.
pub(super) fn run(line: &str) -> Result<Zeroizing<Vec<u8>>, SecretError> {
    let words = words(line)?;
    let failed = |what: String| SecretError::Command(what);
    let Some((program, arguments)) = words.split_first() else {
        return Err(failed("is empty".to_owned()));
    };
    let run = Command::new(program)
        .args(arguments)
        .stdin(Stdio::null())
        .stderr(Stdio::inherit())
        .output()
        .map_err(|error| failed(format!("could not be run: {program}: {error}")))?;
    let said = Zeroizing::new(run.stdout);
    if run.status.success() { Ok(said) } else { Err(failed(format!("failed: {}", run.status))) }
}

fn words(line: &str) -> Result<Vec<String>, SecretError> {
    let line = line.trim();
    if line.starts_with('[') {
        let words = serde_json::from_str(line);
        return words.map_err(|_| SecretError::Command("is no JSON array of texts".to_owned()));
    }
    Ok(line.split_whitespace().map(str::to_owned).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_shell_has_a_say() {
        let words = |line| words(line).unwrap();
        assert_eq!(words("pass show msg"), ["pass", "show", "msg"]);
        assert_eq!(words("echo $HOME 'a b'"), ["echo", "$HOME", "'a", "b'"]);
        assert_eq!(words(r#"["cat","/a file"]"#), ["cat", "/a file"]);
        assert_eq!(run(r#"["echo","correct  $horse"]"#).unwrap().as_slice(), b"correct  $horse\n");
    }

    #[test]
    fn a_command_that_fails_gives_no_password() {
        for line in ["[1]", "[", "[]", "/nonexistent/program", "false"] {
            assert!(matches!(run(line), Err(SecretError::Command(_))), "{line}");
        }
    }
}
