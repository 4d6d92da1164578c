//! A relay as a process: from a configuration to the last drained link.
//!
//! ```text
//! folder, lock, log, port, TLS, store -> link printed -> serving
//!     SIGHUP: certificate, limits and log level are read again
//!     SIGTERM, SIGINT: say so to balancers, drain, stop; a second one: stop at once
//! ```

mod engine;
mod error;
mod ground;
mod init;
mod leave;
mod reload;
mod signals;
mod upkeep;

use std::{sync::Arc, time::Duration};

use msg_protocol::{
    address::{RelayAddress, RelayLink},
    version::Registration,
};
use tokio::{runtime, sync::watch};
use tracing::{info, warn};

pub(crate) use self::{
    engine::{database_options, folder_options},
    error::RunError,
    init::init,
};
use self::{
    ground::{Ground, certificate_names, public_address},
    leave::Leave,
    reload::{Reload, source},
    signals::{Said, Signals},
};
use crate::{
    admin::{self, Desk, Socket},
    clock::Clock,
    config::{Config, ConfigError, Engine},
    connection::Budget,
    invitation, output, private, serve,
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
            let open = async |config: &Config| {
                engine::complain(config, &database);
                engine::postgres(&database, presence).await
            };
            serve(ground, read, open).await
        }
    }
}

/// Opens the store, answers those who ask how it goes, and stays.
async fn serve<S: Store>(
    mut ground: Ground<'_>,
    read: impl Fn() -> Result<Config, ConfigError>,
    open: impl AsyncFnOnce(&Config) -> Result<S, RunError>,
) -> Result<(), RunError> {
    let vitals = Arc::new(Vitals::default());
    // Whoever asks is answered until the very end.
    let (_asked, unasked) = watch::channel(false);
    if let Some(port) = ground.health.take() {
        let pages = Pages { vitals: Arc::clone(&vitals), metrics: None };
        tokio::spawn(http::serve(port, pages, unasked.clone()));
    }
    let store = tokio::select! {
        store = open(&ground.config) => store?,
        () = ground.signals.stop() => {
            info!("stopped before the store was open");
            return Ok(());
        }
    };
    let config = &ground.config;
    engine::check_pin(&store, config, &ground.tls).await?;
    let clock = Clock::start(store.time(Clock::wall()).await?);
    let policy =
        Policy { registration: config.registration, exempt_loopback: config.exempt_loopback };
    let (limits, figures) = (config.limits.clone(), Arc::new(Figures::default()));
    let presence = Arc::clone(&ground.presence);
    let service = Service::new(store, presence, limits, policy, clock, figures);
    stay(ground, Arc::new(service), vitals, unasked, read).await
}

/// Serves links and orders until it is told to stop, and drains. Whoever asks how it
/// goes is answered as long as `unasked` has its sender.
async fn stay<S: Store>(
    ground: Ground<'_>,
    service: Arc<Service<S>>,
    vitals: Arc<Vitals<S>>,
    unasked: watch::Receiver<bool>,
    read: impl Fn() -> Result<Config, ConfigError>,
) -> Result<(), RunError> {
    let Ground { mut config, mut signals, tls, public, .. } = ground;
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
