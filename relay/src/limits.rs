//! Every limit of a relay: its name, its default and what it bounds. The same
//! table makes the configuration's keys, `msg-relay limits` and OPERATIONS.md.

mod range;

pub use self::range::LimitsClash;

/// One limit, as it is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LimitInfo {
    /// Its name, as configuration and messages write it.
    pub name: &'static str,
    /// Its value where nothing else is configured.
    pub default: u64,
    /// What it bounds.
    pub about: &'static str,
}

/// No limit has that name.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("no limit is called `{0}`")]
pub struct NoSuchLimitError(pub String);

macro_rules! limits {
    ($($field:ident $name:literal = $default:expr, $about:literal;)*) => {
        /// What a relay grants.
        #[derive(Debug, Clone, PartialEq, Eq)]
        pub struct Limits {
            $(#[doc = $about] pub $field: u64,)*
        }

        impl Limits {
            /// Each limit, in the order in which they are shown.
            pub const ALL: &[LimitInfo] = &[$(LimitInfo {
                name: $name,
                default: $default,
                about: $about,
            }),*];

            /// The value of a limit.
            pub fn value(&self, name: &str) -> Result<u64, NoSuchLimitError> {
                match name {
                    $($name => Ok(self.$field),)*
                    _ => Err(NoSuchLimitError(name.to_owned())),
                }
            }

            /// Changes a limit.
            pub fn set(&mut self, name: &str, value: u64) -> Result<(), NoSuchLimitError> {
                match name {
                    $($name => self.$field = value,)*
                    _ => return Err(NoSuchLimitError(name.to_owned())),
                }
                Ok(())
            }
        }

        impl Default for Limits {
            fn default() -> Self {
                Self { $($field: $default,)* }
            }
        }
    };
}

const KIB: u64 = 1024;
const MIB: u64 = 1024 * KIB;
const GIB: u64 = 1024 * MIB;

limits! {
    links "links" = 20_000, "links at a time";
    links_per_device "links-per-device" = 8, "links at a time on which one device is signed in; one more closes the oldest";
    links_per_source "links-per-source" = 256, "links at a time from one source: an IPv4 address or an IPv6 /64";
    unready_links "unready-links" = 1_024, "links at a time that are not ready yet";
    backlog "backlog" = 4_096, "connections that wait to be taken; the system may allow fewer";
    openings_burst "openings-burst" = 300, "links that a source may open at once";
    openings_per_hour "openings-per-hour" = 36_000, "links that a source may open in an hour, after those";
    ready_s "ready-s" = 10, "seconds in which a link must be ready";
    idle_s "idle-s" = 120, "seconds of silence after which a link is closed; 0 for never";
    keep_alive_s "keep-alive-s" = 60, "seconds of silence after which the system asks whether the other end is still there; 0 for never";
    frame_bytes "frame-bytes" = 72 * KIB, "bytes of a frame";
    requests "requests" = 1_280, "requests in flight on one link";
    request_bytes "request-bytes" = 9 * MIB, "bytes of requests in flight on one link";
    all_request_bytes "all-request-bytes" = 256 * MIB, "bytes of requests in flight on all links; at that mark no link is read";
    requests_burst "requests-burst" = 6_000, "requests that a source, or a signed-in account, may make at once";
    requests_per_hour "requests-per-hour" = 360_000, "requests that it may make in an hour, after those";
    deposit_burst_bytes "deposit-burst-bytes" = 96 * MIB, "bytes of envelopes that a source may deposit at once";
    deposit_bytes_per_hour "deposit-bytes-per-hour" = 4 * GIB, "bytes of envelopes that it may deposit in an hour, after those";
    sign_in_failures "sign-in-failures" = 5, "failed sign-ins after which a source is told to wait; the right credential is let in all the same";
    sign_in_penalty_s "sign-in-penalty-s" = 15, "seconds that it waits, twice as many after each further failure";
    sign_in_penalty_max_s "sign-in-penalty-max-s" = 600, "seconds that it waits at most";
    credential_burst "credential-burst" = 10, "times that a device may show the account credential at once";
    credential_per_hour "credential-per-hour" = 60, "times that it may show it in an hour, after those";
    registrations_burst "registrations-burst" = 3, "accounts that a source may register at once";
    registrations_per_hour "registrations-per-hour" = 3, "accounts that it may register in an hour, after those";
    all_registrations_per_hour "all-registrations-per-hour" = 1_800, "accounts that may be registered in an hour from all sources together";
    accounts "accounts" = 1_000_000, "accounts";
    invites "invites" = 1_000, "invitations at a time";
    work_bits "work-bits" = 20, "zero bits of the proof of work that a stranger shows; 28 at most";
    work_burst "work-burst" = 30, "challenges and tickets that a source may ask for at once";
    work_per_hour "work-per-hour" = 360, "challenges and tickets that it may ask for in an hour, after those";
    tickets "tickets" = 512, "tickets for proofs of work that are out for one account; one more comes in the place of the oldest";
    prekeys_burst "prekeys-burst" = 6, "one-time pairs of one device that a source may take at once";
    prekeys_per_hour "prekeys-per-hour" = 6, "one-time pairs of one device that it may take in an hour, after those";
    strangers_prekeys_per_hour "strangers-prekeys-per-hour" = 60, "one-time pairs of one device that strangers may take in an hour, all together";
    prekeys_low "prekeys-low" = 20, "one-time pairs left at which a device is told";
    knocks "knocks" = 32, "envelopes of strangers that wait in a mailbox";
    ticket_knocks "ticket-knocks" = 16, "of those, how many may have come by a proof of work";
    mailbox_envelopes "mailbox-envelopes" = 10_000, "envelopes that wait in a mailbox";
    mailbox_bytes "mailbox-bytes" = 256 * MIB, "bytes that wait in a mailbox";
    envelope_days "envelope-days" = 30, "days that an envelope waits";
    cards "cards" = 1_000, "versions of an account's card";
    records "records" = 4_096, "sealed records of an account";
    record_bytes "record-bytes" = 32 * MIB, "bytes of an account's sealed records";
    blob_bytes "blob-bytes" = 4 * GIB, "bytes of a blob; 0 for no blobs";
    account_blob_bytes "account-blob-bytes" = 8 * GIB, "bytes of an account's blobs, each counted as 64 KiB at least";
    blob_days "blob-days" = 30, "days that a blob is kept";
    store_bytes "store-bytes" = 0, "bytes of the store's file at which deposits are refused; 0 for no such limit";
    floor_bytes "floor-bytes" = 256 * MIB, "free bytes of the disk below which deposits are refused";
    floor_percent "floor-percent" = 5, "free percent of the disk below which deposits are refused";
    ballast_bytes "ballast-bytes" = 64 * MIB, "bytes of a file that is given up on a full disk, so that mail can still be acknowledged";
    sources "sources" = 65_536, "sources that are remembered for all of the above";
    leave_s "leave-s" = 0, "seconds for which a relay that is told to stop still takes links, while /health sends balancers away";
    drain_s "drain-s" = 5, "seconds in which a stopping relay answers what is in flight";
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_limit_can_be_read_and_set_by_its_name() {
        let mut limits = Limits::default();
        for (value, info) in (7_000..).zip(Limits::ALL) {
            assert_eq!(limits.value(info.name), Ok(info.default));
            limits.set(info.name, value).unwrap();
            assert_eq!(limits.value(info.name), Ok(value));
        }
        assert!(limits.set("no-such", 1).is_err());
    }

    #[test]
    fn the_operators_page_has_every_limit_with_its_default() {
        let shown = |info: &LimitInfo| {
            if Limits::is_bytes(info.name) {
                crate::config::size_text(info.default)
            } else {
                info.default.to_string()
            }
        };
        let rows = Limits::ALL
            .iter()
            .map(|info| format!("| `{}` | {} | {} |\n", info.name, shown(info), info.about));
        let table = format!(
            "| limit | default | what it bounds |\n|---|---|---|\n{}",
            rows.collect::<String>()
        );
        let page = include_str!("../OPERATIONS.md");
        let between = page.split_once("<!-- limits -->\n").unwrap().1;
        let found = between.split_once("<!-- /limits -->").unwrap().0;
        assert!(found == table, "the table should be:\n{table}");
    }
}
