//! One to three servers: the first one takes what is written, and the others copy
//! it. With three, a commit waits until one of the other two has it on its disk.
//!
//! A test kills, stops, starts, promotes and rejoins them; nothing here does so by
//! itself.

use std::{
    fmt::Write as _,
    io,
    path::{Path, PathBuf},
    thread,
    time::{Duration, Instant},
};

use crate::{
    Absent, Certificates, Ground, PASSWORD, Programs, Session,
    node::{ADMIN, Node, Stop},
};

/// The role of applications, and the name of its database. It may do nothing but
/// what the owner of a database may.
pub const ROLE: &str = "msg";
const MOST: usize = 3;
/// How long servers may take to find each other on a machine that is busy.
const PATIENCE: Duration = Duration::from_mins(1);
const PAUSE: Duration = Duration::from_millis(20);

/// How a cluster is to be started.
#[derive(Debug, Clone)]
pub struct Builder {
    nodes: usize,
    settings: String,
    certificates: Option<Certificates>,
}

/// Servers that run. Nodes are numbered from 1.
#[derive(Debug)]
pub struct Cluster {
    // Ended before the ground that they stand on.
    nodes: Vec<Node>,
    primary: usize,
    builder: Builder,
    ground: Ground,
}

impl Builder {
    /// That many nodes: 1 to 3.
    pub fn new(nodes: usize) -> Self {
        assert!((1..=MOST).contains(&nodes), "a cluster has 1 to {MOST} nodes");
        Self { nodes, settings: String::new(), certificates: None }
    }

    /// Sets an option of all servers.
    #[must_use]
    pub fn setting(mut self, name: &str, value: &str) -> Self {
        let _ = writeln!(self.settings, "{name} = '{value}'");
        self
    }

    /// The role of applications comes with TLS and [`PASSWORD`], or not at all.
    #[must_use]
    pub fn guarded(mut self, certificates: Certificates) -> Self {
        self.certificates = Some(certificates);
        self
    }

    /// Starts it, and waits until commits reach all nodes.
    pub fn start(self) -> io::Result<Cluster> {
        let programs = Programs::find().map_err(|absent: Absent| io::Error::other(absent))?;
        let ground = Ground::new("postgres")?;
        programs.hand_over(ground.folder());
        let node = |number| Node::new(&programs, ground.folder(), number);
        let nodes: Vec<Node> = (1..=self.nodes).map(node).collect();
        let mut cluster = Cluster { nodes, primary: 1, builder: self, ground };
        cluster.node(1).initialise()?;
        cluster.configure(1)?;
        cluster.node_mut(1).start()?;
        for number in 2..=cluster.size() {
            cluster.node(number).copy(cluster.node(1).port)?;
            cluster.configure(number)?;
            cluster.node_mut(number).start()?;
        }
        cluster.await_standbys();
        let mut session = cluster.node(1).session()?;
        session.query(&format!("CREATE ROLE {ROLE} LOGIN PASSWORD '{PASSWORD}'"))?;
        session.query(&format!("CREATE DATABASE {ROLE} OWNER {ROLE} TEMPLATE template0"))?;
        Ok(cluster)
    }

    /// Who may come to a server, and how.
    fn access(&self) -> String {
        let role = match self.certificates {
            Some(_) => "hostssl all msg 127.0.0.1/32 scram-sha-256\n",
            None => "host all msg 127.0.0.1/32 trust\n",
        };
        format!(
            "{role}local all msg trust\nhost all {ADMIN} 127.0.0.1/32 trust\n\
             host replication {ADMIN} 127.0.0.1/32 trust\n"
        )
    }

    /// The settings of a node: a commit waits for one of the others, if there are any.
    fn settings(&self, number: usize) -> String {
        let others = (1..=self.nodes).filter(|other| *other != number);
        let others: Vec<String> = others.map(|other| format!("p{other}")).collect();
        let waits = if others.is_empty() {
            String::new()
        } else {
            format!("synchronous_standby_names = 'ANY 1 ({})'\n", others.join(","))
        };
        format!("{waits}{}", self.settings)
    }
}

impl Cluster {
    /// A cluster of that many nodes: 1 to 3.
    pub fn of(nodes: usize) -> Builder {
        Builder::new(nodes)
    }

    /// How applications find whichever node takes what is written: all hosts, as the
    /// role [`ROLE`] in its own database.
    pub fn dsn(&self) -> String {
        self.dsn_for(ROLE)
    }

    /// The same in another database.
    pub fn dsn_for(&self, database: &str) -> String {
        let hosts = vec!["127.0.0.1"; self.size()].join(",");
        let ports: Vec<String> = self.nodes.iter().map(|node| node.port.to_string()).collect();
        format!(
            "host={hosts} port={} user={ROLE} dbname={database} \
             target_session_attrs=read-write connect_timeout=2",
            ports.join(",")
        )
    }

    /// How many nodes there are.
    pub fn size(&self) -> usize {
        self.nodes.len()
    }

    /// The node that takes what is written, or did when it ran.
    pub fn primary(&self) -> usize {
        self.primary
    }

    /// The nodes that copy it.
    pub fn standbys(&self) -> Vec<usize> {
        (1..=self.size()).filter(|number| *number != self.primary).collect()
    }

    /// The port of a node.
    pub fn port(&self, number: usize) -> u16 {
        self.node(number).port
    }

    /// Whether a node has been started, and not ended since by us.
    pub fn runs(&self, number: usize) -> bool {
        self.node(number).runs()
    }

    /// Whether a node that ran has ended without us. It is said once.
    pub fn has_died(&mut self, number: usize) -> bool {
        self.node_mut(number).has_died()
    }

    /// The first process of a node, while it runs.
    pub fn id(&self, number: usize) -> Option<u32> {
        self.node(number).id()
    }

    /// What a node writes its log to.
    pub fn log(&self, number: usize) -> PathBuf {
        self.node(number).log()
    }

    /// The folder of everything; more may be put there, and goes with it.
    pub fn folder(&self) -> &Path {
        self.ground.folder()
    }

    /// A connection to a node as the one who may do everything, in the database of
    /// that name.
    pub fn session(&self, number: usize, database: &str) -> io::Result<Session> {
        Session::open(self.port(number), ADMIN, database)
    }

    /// Ends all processes of a node as `kill -9` does.
    pub fn kill(&mut self, number: usize) {
        self.node_mut(number).kill();
    }

    /// Holds all processes of a node, with their connections, until it is killed.
    pub fn freeze(&self, number: usize) {
        self.node(number).freeze();
    }

    /// Kills all nodes, the primary first.
    pub fn kill_all(&mut self) {
        self.kill(self.primary);
        self.nodes.iter_mut().for_each(Node::kill);
    }

    /// Asks a node to stop, and waits until it has.
    pub fn stop(&mut self, number: usize, how: Stop) {
        self.node_mut(number).stop(how);
    }

    /// Starts a node again as what it was, and waits until it answers.
    pub fn start(&mut self, number: usize) {
        self.node_mut(number).start().unwrap();
    }

    /// Makes the standby that has most the primary, and lets the other one follow it.
    /// The primary before must not run; it comes back by [`Cluster::rejoin`].
    pub fn fail_over(&mut self) -> usize {
        assert!(!self.runs(self.primary), "the primary still runs");
        let candidates: Vec<usize> =
            self.standbys().into_iter().filter(|number| self.runs(*number)).collect();
        for number in &candidates {
            self.await_end_of_stream(*number);
        }
        let chosen = candidates.iter().copied().max_by_key(|number| self.received(*number));
        let chosen = chosen.expect("a standby that runs");
        self.promote(chosen);
        for number in candidates.into_iter().filter(|number| *number != chosen) {
            self.follow(number);
        }
        chosen
    }

    /// Makes that standby the primary, whatever the others have.
    pub fn promote(&mut self, number: usize) {
        self.ask(number, "SELECT pg_promote(true, 60)");
        self.primary = number;
    }

    /// Lets a standby that runs follow the primary of now.
    pub fn follow(&mut self, number: usize) {
        let primary = self.node(number).primary(self.port(self.primary));
        self.set(number, "primary_conninfo", &primary);
    }

    /// Brings a node back as a standby with a fresh copy of the primary's data.
    pub fn rejoin(&mut self, number: usize) {
        assert!(number != self.primary, "the primary cannot follow itself");
        self.kill(number);
        self.node(number).copy(self.port(self.primary)).unwrap();
        self.configure(number).unwrap();
        self.start(number);
    }

    /// Waits until all standbys that run have what the primary has.
    pub fn await_standbys(&mut self) {
        let standbys = self.standbys().into_iter().filter(|number| self.runs(*number)).count();
        let waiting = "SELECT count(*) FROM pg_stat_replication \
            WHERE state = 'streaming' AND sync_state IN ('quorum', 'sync') \
            AND flush_lsn = pg_current_wal_flush_lsn()";
        let primary = self.primary;
        self.until("the standbys do not follow", || {
            self.ask(primary, waiting) == standbys.to_string()
        });
    }

    /// Sets an option of a node, and waits until it holds for those who come now.
    pub fn set(&mut self, number: usize, name: &str, value: &str) {
        let value = value.replace('\'', "''");
        self.reload(number, &format!("ALTER SYSTEM SET {name} = '{value}'"));
    }

    /// Sets an option of a node back to what it was at the start.
    pub fn reset(&mut self, number: usize, name: &str) {
        self.reload(number, &format!("ALTER SYSTEM RESET {name}"));
    }

    /// The isolation of transactions in that database that ask for none.
    pub fn set_isolation(&self, database: &str, isolation: &str) {
        let statement =
            format!("ALTER DATABASE {database} SET default_transaction_isolation = '{isolation}'");
        self.statement(&statement);
    }

    /// Makes an empty database that belongs to the role of applications.
    pub fn create_database(&self, name: &str) {
        self.statement(&format!("CREATE DATABASE {name} OWNER {ROLE} TEMPLATE template0"));
    }

    /// Removes a database, whoever uses it.
    pub fn drop_database(&self, name: &str) {
        self.statement(&format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)"));
    }

    /// Runs a statement at the primary.
    fn statement(&self, statement: &str) {
        let session = self.node(self.primary).session();
        session.and_then(|mut session| session.query(statement)).unwrap();
    }

    /// What a node answers.
    fn ask(&self, number: usize, question: &str) -> String {
        let session = self.node(number).session();
        session.and_then(|mut session| session.value(question)).unwrap()
    }

    fn reload(&mut self, number: usize, change: &str) {
        const LOADED: &str = "SELECT pg_conf_load_time()";
        let before = self.ask(number, LOADED);
        let session = self.node(number).session();
        let reload = |mut session: Session| {
            session.query(change)?;
            session.query("SELECT pg_reload_conf()")
        };
        session.and_then(reload).unwrap();
        self.until("the settings are not read", || self.ask(number, LOADED) != before);
    }

    /// How far the log of a node reaches, as a number that can be compared.
    fn received(&self, number: usize) -> u64 {
        let question = "SELECT pg_wal_lsn_diff(greatest(pg_last_wal_receive_lsn(), \
            pg_last_wal_replay_lsn()), '0/0')";
        self.ask(number, question).parse().unwrap()
    }

    /// What a primary sent before it died may still be on its way to the disk.
    fn await_end_of_stream(&self, number: usize) {
        let streams = "SELECT count(*) FROM pg_stat_wal_receiver WHERE status = 'streaming'";
        self.until("the stream of the dead primary goes on", || self.ask(number, streams) == "0");
    }

    fn until(&self, complaint: &str, done: impl Fn() -> bool) {
        let deadline = Instant::now() + PATIENCE;
        while !done() {
            assert!(Instant::now() < deadline, "{complaint}:\n{}", self.logs());
            thread::sleep(PAUSE);
        }
    }

    /// What all nodes have said.
    pub fn logs(&self) -> String {
        let log = |node: &Node| std::fs::read_to_string(node.log()).unwrap_or_default();
        let logs = self.nodes.iter().map(|node| format!("--- {}\n{}", node.name, log(node)));
        logs.collect::<Vec<_>>().concat()
    }

    fn configure(&self, number: usize) -> io::Result<()> {
        let Builder { certificates, .. } = &self.builder;
        let (settings, access) = (self.builder.settings(number), self.builder.access());
        self.node(number).configure(&settings, &access, certificates.as_ref())
    }

    fn node(&self, number: usize) -> &Node {
        &self.nodes[number - 1]
    }

    fn node_mut(&mut self, number: usize) -> &mut Node {
        &mut self.nodes[number - 1]
    }
}
