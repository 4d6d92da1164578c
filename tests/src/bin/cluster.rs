//! Three PostgreSQL nodes, three relays and a load balancer on loopback, until Ctrl-C:
//! what `cargo xtask cluster` runs. The programs `msg` and `msg-relay` stand beside it.
//!
//! Whatever of it is killed is seen: a standby takes the place of a primary that is
//! gone, and Enter starts again what is down.
#![allow(clippy::print_stdout, clippy::unwrap_used, reason = "a tool of the repository")]

use std::{
    env,
    io::{self, BufRead as _},
    path::Path,
    process::ExitCode,
    thread,
    time::Duration,
};

use msg_tests::{cluster::Relays, postgres::Cluster, relay::RelayBuilder};
use tokio::{
    signal::unix::{SignalKind, signal},
    sync::mpsc,
    time::interval,
};

const NODES: usize = 3;
/// How often it looks for what has been killed.
const EVERY: Duration = Duration::from_millis(500);

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    let programs = env::current_exe().unwrap().parent().unwrap().to_owned();
    println!("Starting {NODES} PostgreSQL nodes and {NODES} relays...");
    let database = match Cluster::of(NODES).start() {
        Ok(database) => database,
        Err(error) => {
            println!("error: {error}");
            return ExitCode::FAILURE;
        }
    };
    let builder = RelayBuilder::new(programs.join("msg-relay"));
    let mut relays = Relays::start(database, builder, NODES);
    say_what_runs(&relays);
    say_what_to_do(&relays, &programs);
    attend(&mut relays).await;
    println!("\nStopping.");
    let folder = relays.database.folder().to_owned();
    drop(relays);
    println!("All processes have ended. Removed: {}", folder.display());
    ExitCode::SUCCESS
}

fn say_what_runs(relays: &Relays) {
    let database = &relays.database;
    println!("\nPostgreSQL: a commit waits until one standby has it on its disk");
    for number in 1..=database.size() {
        let part = if number == database.primary() { "primary" } else { "standby" };
        let state = database.id(number).map_or("down".into(), |id| format!("process {id}"));
        let log = database.log(number);
        println!(
            "  p{number}  {part}  port {}  {state}  log {}",
            database.port(number),
            log.display()
        );
    }
    println!("\nRelays: one key, one database, one folder of blobs");
    for (number, relay) in (1..).zip(relays.nodes()) {
        println!("  r{number}  process {}  {}", relay.id(), relay.link().to_secret_text());
        println!("      http://{}/health  http://{}/metrics", relay.health(), relay.metrics());
        println!("      log {}", relay.log_path().display());
    }
    println!("\nThrough a load balancer, whichever of them is well:\n  {}", link_of_all(relays));
}

/// Registration is open: there is no invitation in it to be kept secret.
fn link_of_all(relays: &Relays) -> String {
    relays.link().to_secret_text()
}

fn say_what_to_do(relays: &Relays, programs: &Path) {
    let folder = relays.database.folder().display();
    let second = relays.node(2);
    let primary = relays.database.primary();
    println!(
        "\nFrom another terminal:\n\n  \
         export PATH={programs}:$PATH MSG_HOME={folder}/home\n  \
         MSG_PROFILE=alice msg register alice --unattended --relay '{link}'\n  \
         MSG_PROFILE=bob msg register bob --unattended --relay '{link}'\n\n\
         A relay's own link in its place leads to that relay alone: bob at r2 is\n\n  \
         MSG_PROFILE=bob msg register bob --unattended --relay '{own}'\n\n\
         To kill r2, or the primary:\n\n  \
         kill -9 {relay}\n  \
         kill -9 {server}\n\n\
         A standby then becomes the primary by itself. Enter starts again what is down; \
         Ctrl-C stops all.",
        programs = programs.display(),
        link = link_of_all(relays),
        own = second.link().to_secret_text(),
        relay = second.id(),
        server = relays.database.id(primary).unwrap_or_default(),
    );
}

/// Looks after them until somebody says that it is enough.
async fn attend(relays: &mut Relays) {
    let mut ends =
        [SignalKind::interrupt(), SignalKind::terminate()].map(|kind| signal(kind).unwrap());
    let [interrupt, terminate] = &mut ends;
    let mut enters = enters();
    let mut ticks = interval(EVERY);
    loop {
        tokio::select! {
            _ = interrupt.recv() => return,
            _ = terminate.recv() => return,
            Some(()) = enters.recv() => start_again(relays),
            _ = ticks.tick() => replace_the_dead(&mut relays.database),
        }
    }
}

/// Says so each time that Enter is pressed.
fn enters() -> mpsc::UnboundedReceiver<()> {
    let (sender, receiver) = mpsc::unbounded_channel();
    thread::spawn(move || {
        for _ in io::stdin().lock().lines().map_while(Result::ok) {
            let _ = sender.send(());
        }
    });
    receiver
}

fn replace_the_dead(database: &mut Cluster) {
    let dead: Vec<usize> =
        (1..=database.size()).filter(|number| database.has_died(*number)).collect();
    for number in &dead {
        println!("p{number} is gone");
    }
    let is_one_left = database.standbys().into_iter().any(|number| database.runs(number));
    if dead.contains(&database.primary()) && is_one_left {
        let primary = database.fail_over();
        println!("p{primary} is the primary now");
    }
}

fn start_again(relays: &mut Relays) {
    let database = &mut relays.database;
    let primary = database.primary();
    if !database.runs(primary) {
        database.start(primary);
    }
    for number in database.standbys() {
        if !database.runs(number) {
            database.rejoin(number);
        }
    }
    for number in 1..=relays.nodes().len() {
        let relay = relays.node_mut(number).process();
        if !relay.runs() && relay.try_restart().is_err() {
            println!("r{number} does not start; see its log");
        }
    }
    say_what_runs(relays);
}
