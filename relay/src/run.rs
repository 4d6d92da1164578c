//! A relay as a process: from a configuration to the last drained link.
//!
//! ```text
//! folder, lock, log, port, TLS, store -> link printed -> serving
//!     SIGHUP: certificate, limits and log level are read again
//!     SIGTERM, SIGINT: say so to balancers, drain, stop; a second one: stop at once
//! ```

mod engine;
mod error;
mod init;
mod leave;
mod reload;
mod signals;
mod upkeep;

use std::{net::SocketAddr, sync::Arc, time::Duration};

use msg_protocol::{
    address::{RelayAddress, RelayLink},
    version::Registration,
};
use tokio::{net::TcpListener, runtime, sync::watch};
use tracing::{info, warn};

pub(crate) use self::{error::RunError, init::init};
use self::{
    leave::Leave,
    reload::{Reload, source},
    signals::{Said, Signals},
};
use crate::{
    admin::{self, Desk, Socket},
    clock::Clock,
    config::{self, Config, ConfigError, Engine},
    connection::Budget,
    invitation, output,
    presence::Presence,
    private, serve,
    service::{Policy, Service},
    startup::{self, DataLock},
    store::Store,
    telemetry::{
        figures::Figures,
        health::Vitals,
        http::{self, Pages},
        log::Logging,
        metrics::Metrics,
    },
    tls::Tls,
};

/// How long the end of the process waits for what still runs after the drain.
const LAST_WORK: Duration = Duration::from_secs(5);
/// Descriptors beside those of links: the store, the log, other sockets.
const OTHER_DESCRIPTORS: u64 = 64;

/// Serves until it is told to stop; `read` gives the configuration anew.
pub(crate) fn run(
    config: Config,
    read: impl Fn() -> Result<Config, ConfigError>,
) -> Result<(), RunError> {
    private::make_folder(&config.data)?;
    let lock = DataLock::take(&config.data)?;
    let logging = Logging::start(&config.log)?;
    startup::mute_panics();
    let runtime =
        runtime::Builder::new_multi_thread().enable_all().build().map_err(RunError::Process)?;
    let result = runtime.block_on(begin(config, read, &logging, &lock));
    match &result {
        Err(RunError::Cut) => runtime.shutdown_background(),
        _ => runtime.shutdown_timeout(LAST_WORK),
    }
    result
}

/// What stands before the store is open.
struct Ground<'a> {
    config: Config,
    logging: &'a Logging,
    lock: &'a DataLock,
    signals: Signals,
    listener: TcpListener,
    bound: SocketAddr,
    public: RelayAddress,
    tls: Tls,
    tls_names: Vec<String>,
    presence: Arc<Presence>,
    metrics: Option<TcpListener>,
    health: Option<TcpListener>,
}

impl<'a> Ground<'a> {
    fn lay(config: Config, logging: &'a Logging, lock: &'a DataLock) -> Result<Self, RunError> {
        let signals = Signals::listen().map_err(RunError::Process)?;
        let (listener, bound) = listen(&config)?;
        let metrics = metrics_port(&config)?;
        let health = health_port(&config)?;
        let public = public_address(&config, bound)?;
        let tls_names = certificate_names(&public, bound);
        let tls = Tls::open(&source(&config, &tls_names))?;
        let presence = Arc::new(Presence::default());
        Ok(Self {
            config,
            logging,
            lock,
            signals,
            listener,
            bound,
            public,
            tls,
            tls_names,
            presence,
            metrics,
            health,
        })
    }
}

/// Opens the store that the operator has chosen, and serves.
async fn begin(
    config: Config,
    read: impl Fn() -> Result<Config, ConfigError>,
    logging: &Logging,
    lock: &DataLock,
) -> Result<(), RunError> {
    let ground = Ground::lay(config, logging, lock)?;
    let presence = Arc::clone(&ground.presence);
    match ground.config.engine.clone() {
        Engine::Redb => {
            let open = async |config: &Config| Ok(engine::redb(config, presence)?);
            serve(ground, read, open).await
        }
        Engine::Postgres(database) => {
            let _ = engine::postgres(&database, presence).await?;
            Err(RunError::Ended)
        }
    }
}

async fn serve<S: Store>(
    ground: Ground<'_>,
    read: impl Fn() -> Result<Config, ConfigError>,
    open: impl AsyncFnOnce(&Config) -> Result<S, RunError>,
) -> Result<(), RunError> {
    let Ground { mut config, mut signals, tls, public, .. } = ground;
    let vitals = Arc::new(Vitals::default());
    // Whoever asks is answered until the very end.
    let (_asked, unasked) = watch::channel(false);
    if let Some(port) = ground.health {
        let pages = Pages { vitals: Arc::clone(&vitals), metrics: None };
        tokio::spawn(http::serve(port, pages, unasked.clone()));
    }
    let store = tokio::select! {
        store = open(&config) => store?,
        () = signals.stop() => return Err(RunError::Stopped),
    };
    engine::check_pin(&store, &config, &tls).await?;
    let clock = Clock::start(store.time(Clock::wall()).await?);
    let policy =
        Policy { registration: config.registration, exempt_loopback: config.exempt_loopback };
    let (limits, figures) = (config.limits.clone(), Arc::new(Figures::default()));
    let service = Service::new(store, ground.presence, limits, policy, clock, figures);
    let service = Arc::new(service);
    let socket = Socket::open(&config.data, ground.lock)?;
    let desk = Desk::new(Arc::clone(&service), public.clone(), tls.subscribe_pin());
    welcome(&service, public, &tls).await?;
    info!(address = %ground.bound, "ready");

    let (stop, stopped) = watch::channel(false);
    let sweeper = tokio::spawn(upkeep::sweep(Arc::clone(&service)));
    let orders = tokio::spawn(admin::serve(socket, desk, stopped.clone()));
    let budget = Arc::new(Budget::default());
    if let Some(port) = ground.metrics {
        let metrics = Some(Metrics::new(Arc::clone(&service), Arc::clone(&budget)));
        tokio::spawn(http::serve(port, Pages { vitals: Arc::clone(&vitals), metrics }, unasked));
    }
    let links = serve::run(ground.listener, tls.subscribe(), Arc::clone(&service), budget, stopped);
    let mut serving = tokio::spawn(links);
    vitals.serves(Arc::clone(&service));
    let reload = Reload {
        tls: &tls,
        tls_names: &ground.tls_names,
        service: &service,
        logging: ground.logging,
    };
    let mut leave = Leave::new(stop);
    let cut = loop {
        tokio::select! {
            ended = &mut serving => break ended.map_err(|_| RunError::Ended)?,
            () = leave.over() => leave.drain(&service),
            said = signals.next() => match said {
                Said::Reload => reload.run(&mut config, &read),
                Said::Stop if leave.has_begun() => return Err(RunError::Cut),
                Said::Stop => {
                    vitals.leaves();
                    leave.begin(&service);
                }
            },
        }
    };
    sweeper.abort();
    // What an operator has asked for ends by itself, or when its time is up.
    let _ = orders.await;
    if cut == 0 {
        info!("stopped");
    } else {
        warn!(links = cut, "stopped, with links that had to be cut");
    }
    Ok(())
}

/// Listens, and warns if there are fewer descriptors than links may come.
fn listen(config: &Config) -> Result<(TcpListener, SocketAddr), RunError> {
    let enough = config.limits.links + OTHER_DESCRIPTORS;
    if let Some(descriptors) = startup::descriptors().filter(|count| *count < enough) {
        warn!(count = descriptors, "fewer descriptors than the limit `links` needs");
    }
    let listener = startup::listen(config.listen, config.limits.backlog)?;
    let bound = listener.local_addr().map_err(RunError::Process)?;
    Ok((listener, bound))
}

/// Where Prometheus is answered, if anywhere.
fn metrics_port(config: &Config) -> Result<Option<TcpListener>, RunError> {
    let listen = |address| startup::listen(address, config.limits.backlog);
    match config.metrics {
        config::Metrics::Off => Ok(None),
        config::Metrics::At(address) => Ok(Some(listen(address)?)),
        config::Metrics::Auto => {
            let listening = listen(config::Metrics::USUAL);
            if let Err(error) = &listening {
                warn!(error = %error, "no metrics; `metrics` sets another port, or off");
            }
            Ok(listening.ok())
        }
    }
}

/// Where balancers ask, if anywhere.
fn health_port(config: &Config) -> Result<Option<TcpListener>, RunError> {
    let Some(address) = config.health else { return Ok(None) };
    let listener = startup::listen(address, config.limits.backlog)?;
    let bound = listener.local_addr().map_err(RunError::Process)?;
    info!(address = %bound, "balancers are answered");
    Ok(Some(listener))
}

fn public_address(config: &Config, bound: SocketAddr) -> Result<RelayAddress, RunError> {
    let (public, known) = startup::public_address(config, bound);
    if !known {
        warn!("links show this machine's own name; `public` sets another one");
    }
    public.ok_or(RunError::NoPublicAddress)
}

/// What the relay's own certificate is for. Whoever has the pin does not ask.
fn certificate_names(public: &RelayAddress, bound: SocketAddr) -> Vec<String> {
    let mut names = vec![public.host.to_dial_text()];
    if !bound.ip().is_unspecified() {
        names.push(bound.ip().to_string());
    }
    names.extend(["localhost", "127.0.0.1", "::1"].map(str::to_owned));
    names.sort();
    names.dedup();
    names
}

/// Prints the relay's link, and the line that a user pastes. Where nobody could
/// register yet, the link holds a first invitation.
async fn welcome<S: Store>(
    service: &Service<S>,
    relay: RelayAddress,
    tls: &Tls,
) -> Result<(), RunError> {
    let invite = match service.policy().registration {
        Registration::Invited => invitation::first(service).await?,
        Registration::Open | Registration::Closed => None,
    };
    let link = RelayLink { relay, pin: Some(tls.pin()), invite }.to_secret_text();
    let text = format!("{link}\nmsg register NAME --relay '{link}'\n");
    if let Err(error) = output::data(&text) {
        warn!(error = %error, "cannot print the relay's link");
    }
    Ok(())
}
