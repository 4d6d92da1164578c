//! One server: its data, its port, and its process while it runs.

use std::{
    fs::{self, File, Permissions},
    io,
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use rustix::process::{Pid, Signal, kill_process};

use crate::{Certificates, Programs, Session, ground, ports::free_port};

/// How long a start or an end may take on a machine that is busy with other tests.
const PATIENCE: Duration = Duration::from_mins(1);
const PAUSE: Duration = Duration::from_millis(20);
/// The role that may do everything, and its database.
pub(crate) const ADMIN: &str = "postgres";
/// What every node has. Nothing is kept outside its folder but one small segment of
/// shared memory.
const SETTINGS: &str = "listen_addresses = '127.0.0.1'\nunix_socket_directories = ''\n\
    max_connections = 300\nfsync = on\nfull_page_writes = on\nsynchronous_commit = on\n\
    dynamic_shared_memory_type = mmap\nshared_buffers = 64MB\nwal_keep_size = 256MB\n\
    max_wal_size = 256MB\n\
    wal_retrieve_retry_interval = 200ms\nwal_receiver_timeout = 10s\n\
    hot_standby = on\nrecovery_init_sync_method = syncfs\ntimezone = 'UTC'\n";

/// How a server is asked to stop.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stop {
    /// Ends its sessions and closes its files.
    Fast,
    /// Ends at once, to recover when it starts again.
    Immediate,
}

/// A server.
#[derive(Debug)]
pub(crate) struct Node {
    pub(crate) name: String,
    pub(crate) port: u16,
    programs: Programs,
    folder: PathBuf,
    process: Option<Child>,
}

impl Node {
    /// A server without data on that ground.
    pub(crate) fn new(programs: &Programs, ground: &Path, number: usize) -> Self {
        let name = format!("p{number}");
        let folder = ground.join(&name);
        Self { name, port: free_port(), programs: programs.clone(), folder, process: None }
    }

    /// Makes data of which nothing else knows.
    pub(crate) fn initialise(&self) -> io::Result<()> {
        let mut command = self.command("initdb");
        command
            .args(["--auth=trust", "--data-checksums", "--no-sync", "--no-instructions"])
            .args(["--encoding=UTF8", "--locale=C", "--username", ADMIN, "--pgdata"])
            .arg(&self.folder);
        run(command)
    }

    /// Copies the data of a server that runs, to follow it.
    pub(crate) fn copy(&self, primary: u16) -> io::Result<()> {
        self.forget();
        let mut command = self.command("pg_basebackup");
        command
            .args(["--host=127.0.0.1", "--checkpoint=fast", "--wal-method=stream", "--no-sync"])
            .args(["--username", ADMIN, "--port", &primary.to_string(), "--pgdata"])
            .arg(&self.folder);
        run(command)?;
        self.write("standby.signal", "")?;
        self.append("postgresql.auto.conf", &format!("{}\n", self.following(primary)))
    }

    /// Sets its data aside, and removes them without waiting for it.
    fn forget(&self) {
        // A port as good as any number that is not there yet.
        let aside = self.folder.with_extension(format!("before-{}", free_port()));
        if fs::rename(&self.folder, &aside).is_ok() {
            thread::spawn(move || fs::remove_dir_all(aside));
        }
    }

    /// The setting that makes it follow the server at that port.
    fn following(&self, primary: u16) -> String {
        format!("primary_conninfo = '{}'", self.primary(primary))
    }

    /// Where to find the server at that port, and under which name to come.
    pub(crate) fn primary(&self, primary: u16) -> String {
        format!("host=127.0.0.1 port={primary} user={ADMIN} application_name={}", self.name)
    }

    /// Writes its settings: these after those of every node.
    pub(crate) fn configure(
        &self,
        settings: &str,
        access: &str,
        certificates: Option<&Certificates>,
    ) -> io::Result<()> {
        let port = self.port;
        let mut text = format!("{SETTINGS}port = {port}\ncluster_name = '{}'\n", self.name);
        if let Some(certificates) = certificates {
            certificates.write(&self.folder);
            for file in ["chain.pem", "key.pem"] {
                let file = self.folder.join(file);
                fs::set_permissions(&file, Permissions::from_mode(0o600))?;
                self.programs.hand_over(&file);
            }
            text.push_str("ssl = on\nssl_cert_file = 'chain.pem'\nssl_key_file = 'key.pem'\n");
        }
        text.push_str(settings);
        self.write("postgresql.conf", &text)?;
        self.write("pg_hba.conf", access)
    }

    /// Starts it, and waits until it answers.
    pub(crate) fn start(&mut self) -> io::Result<()> {
        assert!(self.process.is_none(), "{} runs already", self.name);
        let log = File::options().create(true).append(true).open(self.log())?;
        let mut command = self.command("postgres");
        command.arg("-D").arg(&self.folder).stdout(log.try_clone()?).stderr(log);
        self.process = Some(command.spawn()?);
        let deadline = Instant::now() + PATIENCE;
        loop {
            let answer = self.session().and_then(|mut session| session.value("SELECT 1"));
            let Err(error) = answer else { return Ok(()) };
            let ended = self.process.as_mut().is_none_or(|it| !matches!(it.try_wait(), Ok(None)));
            if ended || Instant::now() > deadline {
                self.kill();
                let said = fs::read_to_string(self.log()).unwrap_or_default();
                let error = format!("{} does not start: {error}\n{said}", self.name);
                return Err(io::Error::other(error));
            }
            thread::sleep(PAUSE);
        }
    }

    /// A connection as the one who may do everything.
    pub(crate) fn session(&self) -> io::Result<Session> {
        Session::open(self.port, ADMIN, ADMIN)
    }

    /// Whether it has been started, and not ended since by us.
    pub(crate) fn runs(&self) -> bool {
        self.process.is_some()
    }

    /// Whether it has ended by itself, or by somebody else; what is left of it ends too.
    pub(crate) fn has_died(&mut self) -> bool {
        let ended = |process: &mut Child| !matches!(process.try_wait(), Ok(None));
        let has_died = self.process.as_mut().is_some_and(ended);
        if has_died {
            self.kill();
        }
        has_died
    }

    /// The first of its processes.
    pub(crate) fn id(&self) -> Option<u32> {
        self.process.as_ref().map(Child::id)
    }

    /// Ends all of its processes as `kill -9` does.
    pub(crate) fn kill(&mut self) {
        if let Some(mut process) = self.process.take() {
            let _ = process.kill();
            let _ = process.wait();
        }
        ground::kill_all_in(&self.folder);
        self.free_segment();
    }

    /// Holds all of its processes, with their connections, until it is killed.
    pub(crate) fn freeze(&self) {
        ground::freeze_all_in(&self.folder);
    }

    /// Gives back the shared memory of a server that could not do so itself.
    fn free_segment(&self) {
        let path = self.folder.join("postmaster.pid");
        let file = fs::read_to_string(&path).unwrap_or_default();
        let segment = file.lines().nth(6).and_then(|line| line.split_whitespace().nth(1));
        let Some(segment) = segment else { return };
        let mut command = Command::new("ipcrm");
        command.args(["-m", segment]).stdin(Stdio::null()).stderr(Stdio::null());
        // It may be gone with the one before it.
        let _ = command.status();
        let _ = fs::remove_file(path);
    }

    /// Asks it to stop, and waits until it has.
    pub(crate) fn stop(&mut self, how: Stop) {
        let Some(mut process) = self.process.take() else { return };
        let signal = match how {
            Stop::Fast => Signal::INT,
            Stop::Immediate => Signal::QUIT,
        };
        kill_process(Pid::from_child(&process), signal).unwrap();
        let deadline = Instant::now() + PATIENCE;
        while process.try_wait().unwrap().is_none() {
            assert!(Instant::now() < deadline, "{} does not stop", self.name);
            thread::sleep(PAUSE);
        }
    }

    /// What it writes its log to.
    pub(crate) fn log(&self) -> PathBuf {
        self.folder.with_extension("log")
    }

    fn command(&self, program: &str) -> Command {
        let ground = self.folder.parent().expect("a node stands on a ground");
        self.programs.command(program, ground)
    }

    fn write(&self, name: &str, text: &str) -> io::Result<()> {
        let file = self.folder.join(name);
        fs::write(&file, text)?;
        self.programs.hand_over(&file);
        Ok(())
    }

    fn append(&self, name: &str, text: &str) -> io::Result<()> {
        let before = fs::read_to_string(self.folder.join(name))?;
        self.write(name, &(before + text))
    }
}

impl Drop for Node {
    fn drop(&mut self) {
        self.kill();
    }
}

fn run(mut command: Command) -> io::Result<()> {
    let output = command.output()?;
    if output.status.success() {
        return Ok(());
    }
    let errors = String::from_utf8_lossy(&output.stderr);
    Err(io::Error::other(format!("{}: {errors}", command.get_program().display())))
}
