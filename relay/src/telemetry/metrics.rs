//! The relay in numbers, for Prometheus. Nothing is told apart by who it was.

use std::{fs, sync::Arc};

use super::page::Page;
use crate::{
    clock::Clock,
    connection::Budget,
    limits::Limits,
    service::Service,
    store::{Store, StoreError, upkeep::StoreFigures},
};

/// What the numbers are read from.
#[derive(Debug)]
pub(crate) struct Metrics<S> {
    service: Arc<Service<S>>,
    budget: Arc<Budget>,
    started_s: u64,
}

impl<S: Store> Metrics<S> {
    /// Of a relay that starts now.
    pub(crate) fn new(service: Arc<Service<S>>, budget: Arc<Budget>) -> Self {
        Self { service, budget, started_s: Clock::wall().0 }
    }

    /// All numbers, as text. Without a store that answers, those of the store
    /// are left out.
    pub(crate) async fn text(&self) -> String {
        let kept = self.service.store().figures().await;
        let mut page = Page::default();
        self.add_process(&mut page);
        self.add_links(&mut page);
        self.add_requests(&mut page);
        self.add_limits(&mut page);
        add_store(&mut page, &kept);
        page.into_text()
    }

    fn add_process(&self, page: &mut Page) {
        page.gauges(
            "build_info",
            "The relay's version.",
            "version",
            [(env!("CARGO_PKG_VERSION"), 1)].into_iter(),
        );
        page.bare_gauge(
            "process_start_time_seconds",
            "When the process started, in seconds since 1970.",
            self.started_s,
        );
        if let Some(bytes) = resident_bytes() {
            page.bare_gauge(
                "process_resident_memory_bytes",
                "Bytes of memory that the process has.",
                bytes,
            );
        }
    }

    fn add_links(&self, page: &mut Page) {
        let (figures, presence) = (self.service.figures(), self.service.presence());
        page.gauge("links", "Links that there are.", presence.links());
        page.gauge("devices_connected", "Devices that are signed in.", presence.devices());
        let [anonymous, signed_in] = &figures.links_ready;
        let kinds = [("anonymous", anonymous.value()), ("signed_in", signed_in.value())];
        page.counters("links_ready", "Links that became ready.", "kind", kinds.into_iter());
        for (name, help, count) in [
            (
                "links_refused",
                "Links refused by a limit before they cost anything.",
                &figures.links_refused,
            ),
            (
                "handshakes_failed",
                "TLS handshakes that did not come about.",
                &figures.handshakes_failed,
            ),
            ("links_violated", "Links cut for breaking the protocol.", &figures.violations),
            ("links_slow", "Links cut for being slow or silent.", &figures.too_slow),
            (
                "accepts_failed",
                "Times that the system gave no descriptor for a link.",
                &figures.accepts_failed,
            ),
        ] {
            page.counter(name, help, count.value());
        }
    }

    fn add_requests(&self, page: &mut Page) {
        let figures = self.service.figures();
        page.counters("requests", "Requests that were answered.", "kind", figures.requests());
        page.counters("refusals", "What was refused, and why.", "code", figures.refusals());
        for (name, help, count) in [
            ("deposits", "Envelopes that came.", &figures.deposits),
            (
                "deposited_bytes",
                "Bytes of the bodies of envelopes that came.",
                &figures.deposited_bytes,
            ),
            ("pushes", "Envelopes that were pushed to devices.", &figures.pushes),
            ("passed", "Ephemeral envelopes that were handed on.", &figures.passed),
        ] {
            page.counter(name, help, count.value());
        }
        page.histogram(
            "deposit_duration",
            "How long deposits took, from frame to answer.",
            &figures.deposit_durations,
        );
        page.histogram(
            "request_duration",
            "How long other requests took, from frame to answer.",
            &figures.request_durations,
        );
    }

    fn add_limits(&self, page: &mut Page) {
        let limits = self.service.limits();
        page.gauge(
            "request_bytes_held",
            "Bytes that all links make the relay hold; see the limit all-request-bytes.",
            self.budget.held(),
        );
        page.gauge(
            "quotas_remembered",
            "Token buckets that are remembered; see the limit sources.",
            self.service.remembered_sources(),
        );
        let values =
            Limits::ALL.iter().filter_map(|info| Some((info.name, limits.value(info.name).ok()?)));
        page.gauges("limit", "The limits as they are now.", "name", values);
    }
}

fn add_store(page: &mut Page, kept: &Result<StoreFigures, StoreError>) {
    page.gauge("store_up", "Whether the store answers.", u8::from(kept.is_ok()));
    let Ok(kept) = kept else { return };
    for (name, help, value) in [
        ("accounts", "Accounts.", kept.accounts),
        ("mailboxes", "Mailboxes, one for each device.", kept.devices),
        ("envelopes", "Envelopes that wait.", kept.envelopes),
        (
            "envelope_bytes",
            "Bytes of envelopes that wait, with what each costs beside its body.",
            kept.envelope_bytes,
        ),
        ("blobs", "Blobs.", kept.blobs),
        ("blob_bytes", "Bytes of blobs.", kept.blob_bytes),
        ("store_damaged_rows", "Rows that were found damaged and set aside.", kept.damaged),
        ("store_file_bytes", "Bytes of the store's files.", kept.file_bytes),
    ] {
        page.gauge(name, help, value);
    }
    if let Some(room) = kept.room_bytes {
        page.gauge(
            "store_room_bytes",
            "Bytes that can be written before deposits are refused.",
            room,
        );
    }
    page.counter("store_commits", "Commits of the store.", kept.commits);
}

/// Bytes of memory that the process has, where the system says.
fn resident_bytes() -> Option<u64> {
    const KIB: u64 = 1024;
    let status = fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    Some(line.trim().strip_suffix("kB")?.trim().parse::<u64>().ok()? * KIB)
}
