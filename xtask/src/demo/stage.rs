//! Where the demo plays: a folder that nobody else may read, the relay in it, and a
//! shell for everybody. The relay is ended by its process id, and the folder goes,
//! whatever happens, unless they are to stay.

use std::{
    env,
    fs::{self, DirBuilder, File},
    io::{self, Read as _},
    os::unix::{
        fs::DirBuilderExt as _,
        process::{CommandExt as _, ExitStatusExt as _},
    },
    path::{Path, PathBuf},
    process::{self, Child, Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use crate::{failure::Failure, output, place};

/// How long the relay may take to start, or to end.
const PATIENCE: Duration = Duration::from_secs(30);
const ANY_PORT: &str = "127.0.0.1:0";
/// A relay stops taking mail when its disk is nearly full; one that lives for a
/// minute need not keep a reserve.
const ROOM: [(&str, &str); 2] =
    [("MSG_RELAY_LIMITS_FLOOR_BYTES", "1MiB"), ("MSG_RELAY_LIMITS_FLOOR_PERCENT", "0")];

/// The folder, and the relay in it.
pub(crate) struct Stage {
    folder: PathBuf,
    relay: Child,
    link: String,
    keep: bool,
}

impl Stage {
    /// Makes the folder and starts the relay on a free port.
    pub(crate) fn open(keep: bool) -> Result<Self, Failure> {
        let folder = env::temp_dir().join(format!("msg-demo-{}", process::id()));
        let made = DirBuilder::new().mode(0o700).create(&folder);
        made.map_err(|error| {
            Failure::File(format!("cannot make the folder {}: {error}", folder.display()))
        })?;
        let relay = start(&folder, ANY_PORT, keep);
        if relay.is_err() {
            let _ = fs::remove_dir_all(&folder);
        }
        let (relay, link) = relay?;
        Ok(Self { folder, relay, link, keep })
    }

    /// The address of the relay.
    pub(crate) fn address(&self) -> &str {
        let rest = self.link.split("://").nth(1).unwrap_or_default();
        rest.split('/').next().unwrap_or_default()
    }

    /// The link of the relay.
    pub(crate) fn link(&self) -> &str {
        &self.link
    }

    /// Shows a line of shell and runs it as somebody, or as the operator, and shows
    /// what it prints. Anything but that exit code ends the demo.
    pub(crate) fn run(&self, who: &str, line: &str, code: i32) -> Result<String, Failure> {
        output::line(&format!("{who}$ {line}"));
        let failed = |ending: String| Failure::Step {
            name: format!("{who}$ {line}"),
            ending,
            repeat: "cargo xtask demo".into(),
        };
        let (text, status) = self.shell(who, line).map_err(|error| failed(error.to_string()))?;
        if !text.is_empty() {
            output::line(text.trim_end_matches('\n'));
        }
        match status.code() {
            Some(ended) if ended == code => {
                if code != 0 {
                    output::line(&format!("(exit code {code})"));
                }
                Ok(text)
            }
            _ => {
                output::line(&log(&self.folder));
                Err(failed(status.to_string()))
            }
        }
    }

    /// What a line of shell prints, its errors among its data as on a terminal.
    fn shell(&self, who: &str, line: &str) -> io::Result<(String, process::ExitStatus)> {
        let (mut reader, writer) = io::pipe()?;
        let mut command = Command::new("sh");
        command.args(["-c", line]).stdin(Stdio::null());
        command.stdout(writer.try_clone()?).stderr(writer);
        let mut child = self.surround(&mut command, who).spawn()?;
        // It holds the ends for writing, which would keep the pipe open.
        drop(command);
        let mut bytes = Vec::new();
        reader.read_to_end(&mut bytes)?;
        Ok((String::from_utf8_lossy(&bytes).into_owned(), child.wait()?))
    }

    /// Gives a command the surroundings of somebody on this stage.
    pub(crate) fn surround<'c>(&self, command: &'c mut Command, who: &str) -> &'c mut Command {
        let path = env::join_paths(
            std::iter::once(place::target().join("debug"))
                .chain(env::split_paths(&env::var_os("PATH").unwrap_or_default())),
        );
        without_settings(command)
            .env("PATH", path.unwrap_or_default())
            .env("MSG_HOME", self.folder.join("home"))
            .env("MSG_PROFILE", who)
            .env("MSG_RELAY_DATA", data(&self.folder))
            .env("LINK", &self.link)
            .current_dir(&self.folder)
    }

    /// Ends the relay by its process id, and waits until it is gone.
    pub(crate) fn stop_relay(&mut self) -> Result<String, Failure> {
        let id = self.relay.id().to_string();
        let asked = Command::new("kill").arg(&id).stdin(Stdio::null()).status();
        let deadline = Instant::now() + PATIENCE;
        while asked.as_ref().is_ok_and(process::ExitStatus::success) && Instant::now() < deadline {
            if let Ok(Some(_)) = self.relay.try_wait() {
                return Ok(id);
            }
            thread::sleep(Duration::from_millis(10));
        }
        let ended = self.relay.kill().and_then(|()| self.relay.wait());
        ended.map_err(|error| Failure::File(format!("the relay, process {id}: {error}")))?;
        Ok(id)
    }

    /// Starts it again, where it was.
    pub(crate) fn start_relay(&mut self) -> Result<(), Failure> {
        let address = self.address().to_owned();
        (self.relay, self.link) = start(&self.folder, &address, self.keep)?;
        Ok(())
    }

    /// Ends the relay and removes the folder.
    pub(crate) fn close(mut self) -> Result<String, Failure> {
        let id = self.stop_relay()?;
        Ok(format!("# The relay, process {id}, has stopped. Removed: {}", self.folder.display()))
    }

    /// Leaves everything as it is; how to join, and how to end it.
    pub(crate) fn leave(self) -> String {
        let [folder, bin] = [self.folder.display(), place::target().join("debug").display()]
            .map(|path| path.to_string());
        format!(
            "The relay goes on as process {id}. To join from another terminal:\n\n  \
             export PATH={bin}:$PATH MSG_HOME={folder}/home\n  \
             MSG_PROFILE=bob msg recv --follow\n  \
             MSG_PROFILE=alice msg send bob 'hello again'\n  \
             MSG_PROFILE=zoe msg register zoe --unattended --relay '{link}'\n\n\
             To end it:\n\n  kill {id} && rm -r {folder}",
            id = self.relay.id(),
            link = self.link,
        )
    }
}

impl Drop for Stage {
    fn drop(&mut self) {
        if self.keep {
            return;
        }
        // There is nobody left to tell; it may have been stopped before.
        if let Ok(None) = self.relay.try_wait() {
            let _ = self.stop_relay();
        }
        let _ = fs::remove_dir_all(&self.folder);
    }
}

/// Starts the relay, and waits for its link.
fn start(folder: &Path, listen: &str, keep: bool) -> Result<(Child, String), Failure> {
    let program = place::target().join("debug/msg-relay");
    let told = folder.join("relay.out");
    let open = |path: &Path| {
        let file = File::create(path);
        file.map_err(|error| Failure::File(format!("cannot write {}: {error}", path.display())))
    };
    let mut command = Command::new(&program);
    without_settings(&mut command)
        .args(["--metrics", "off", "--listen", listen, "--data"])
        .arg(data(folder))
        .envs(ROOM)
        .stdin(Stdio::null())
        .stdout(open(&told)?)
        .stderr(open(&folder.join("relay.log"))?);
    if keep {
        // Ctrl-C at the terminal is not meant for it.
        command.process_group(0);
    }
    let mut child = command
        .spawn()
        .map_err(|error| Failure::File(format!("cannot start {}: {error}", program.display())))?;
    let deadline = Instant::now() + PATIENCE;
    let ending = loop {
        let text = fs::read_to_string(&told).unwrap_or_default();
        let link = text.lines().find(|line| line.starts_with("msg-relay://"));
        if let Some(link) = link.filter(|_| text.ends_with('\n')) {
            return Ok((child, link.to_owned()));
        }
        match child.try_wait() {
            Ok(Some(status)) => break status,
            Ok(None) if Instant::now() < deadline => thread::sleep(Duration::from_millis(10)),
            _ => {
                let _ = child.kill();
                let _ = child.wait();
                break process::ExitStatus::from_raw(0);
            }
        }
    };
    output::line(&log(folder));
    Err(Failure::Step {
        name: "relay".into(),
        ending: format!("it printed no link, and ended with {ending}"),
        repeat: format!("{} --listen {listen}", program.display()),
    })
}

/// Takes the user's own settings of the two programs out of a command's environment.
fn without_settings(command: &mut Command) -> &mut Command {
    let settings = env::vars_os().map(|(name, _)| name);
    for name in settings.filter(|name| name.to_string_lossy().starts_with("MSG_")) {
        command.env_remove(name);
    }
    command
}

fn data(folder: &Path) -> PathBuf {
    folder.join("relay")
}

/// What the relay has said.
fn log(folder: &Path) -> String {
    fs::read_to_string(folder.join("relay.log")).unwrap_or_default()
}
