//! A relay as a process: from a configuration to the last drained link.
//!
//! ```text
//! folder, lock, log, port, TLS, store -> link printed -> serving
//!     SIGHUP: certificate, limits and log level are read again
//!     SIGTERM, SIGINT: drain, stop; a second one: stop at once
//! ```

mod error;
mod init;
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
    reload::{Reload, source},
    signals::{Said, Signals},
};
use crate::{
    admin::{self, Desk, Socket},
    clock::Clock,
    config::{self, Config, ConfigError},
    connection::Budget,
    invitation, output,
    presence::Presence,
    private, serve,
    service::{Policy, Service},
    startup::{self, DataLock},
    store::{
        Store, Upkeep as _,
        redb::{OpenError, Options, Redb},
    },
    telemetry::{figures::Figures, http, log::Logging, metrics::Metrics},
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
    let result = runtime.block_on(serve(config, read, &logging, &lock));
    match &result {
        Err(RunError::Cut) => runtime.shutdown_background(),
        _ => runtime.shutdown_timeout(LAST_WORK),
    }
    result
}

/// Opens the store in the data folder.
fn open_store(config: &Config, presence: Arc<Presence>) -> Result<Redb, OpenError> {
    let options = Options {
        cache_bytes: usize::try_from(config.cache_bytes).unwrap_or(usize::MAX),
        floor_bytes: config.limits.floor_bytes,
        floor_percent: config.limits.floor_percent,
        ballast_bytes: config.limits.ballast_bytes,
        store_bytes: config.limits.store_bytes,
    };
    Redb::open(&config.data, options, presence)
}

async fn serve(
    mut config: Config,
    read: impl Fn() -> Result<Config, ConfigError>,
    logging: &Logging,
    lock: &DataLock,
) -> Result<(), RunError> {
    let mut signals = Signals::listen().map_err(RunError::Process)?;
    let (listener, bound) = listen(&config)?;
    let port = metrics_port(&config)?;
    let public = public_address(&config, bound)?;
    let names = certificate_names(&public, bound);
    let tls = Tls::open(&source(&config, &names))?;
    let presence = Arc::new(Presence::default());
    let store = open_store(&config, Arc::clone(&presence))?;
    let clock = Clock::start(store.time(Clock::wall()).await?);
    let policy =
        Policy { registration: config.registration, exempt_loopback: config.exempt_loopback };
    let (limits, figures) = (config.limits.clone(), Arc::new(Figures::default()));
    let service = Arc::new(Service::new(store, presence, limits, policy, clock, figures));
    let socket = Socket::open(&config.data, lock)?;
    let desk = Desk::new(Arc::clone(&service), public.clone(), tls.subscribe_pin());
    welcome(&service, public, &tls).await?;
    info!(address = %bound, "ready");

    let (stop, stopped) = watch::channel(false);
    let sweeper = tokio::spawn(upkeep::sweep(Arc::clone(&service)));
    let orders = tokio::spawn(admin::serve(socket, desk, stopped.clone()));
    let budget = Arc::new(Budget::default());
    if let Some(port) = port {
        let metrics = Metrics::new(Arc::clone(&service), Arc::clone(&budget));
        tokio::spawn(http::serve(port, metrics, stopped.clone()));
    }
    let links = serve::run(listener, tls.subscribe(), Arc::clone(&service), budget, stopped);
    let mut serving = tokio::spawn(links);
    let reload = Reload { tls: &tls, tls_names: &names, service: &service, logging };
    let cut = loop {
        tokio::select! {
            ended = &mut serving => break ended.map_err(|_| RunError::Ended)?,
            said = signals.next() => match said {
                Said::Reload => reload.run(&mut config, &read),
                Said::Stop if *stop.borrow() => return Err(RunError::Cut),
                Said::Stop => {
                    info!(links = service.presence().links(), "stopping once what is in flight is answered; a second signal stops at once");
                    stop.send_replace(true);
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
