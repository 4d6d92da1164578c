//! Everything that is kept of an account, as people read it.

use super::{lines, pairs};
use crate::{
    admin::report::{
        AccountReport, CardReport, DeviceReport, EnvelopeReport, PrekeyReport, Report,
    },
    config::size_text,
    output::{self, shown},
};

const LAST: &str = "
That is all that is kept of this account. Hashes are of random secrets, under
salts. Nothing tells who sent an envelope, from where, or when this account was
used; no day is finer than a day but what waits in a mailbox, and what waits is
ciphertext. While a device is connected, the relay holds its link, in memory only.
";

pub(super) fn text(reports: &[Report]) -> String {
    let parts = [
        reports.iter().filter_map(account).collect(),
        section("cards", ["VERSION", "MADE", "BYTES", "DEVICES"], reports, card),
        reports.iter().filter_map(device).collect(),
        section(
            "envelopes that wait",
            ["MAILBOX", "SEQUENCE", "BYTES", "KNOCK", "EXPIRES"],
            reports,
            envelope,
        ),
        left_out(reports),
        section(
            "rights to first contact",
            ["KIND", "HASH", "PREKEYS", "KNOCKS", "UNTIL"],
            reports,
            right,
        ),
        section("records, sealed by the account", ["ID", "REVISION", "BYTES"], reports, record),
        section("blobs, sealed by the account", ["ID", "BYTES", "THERE", "UNTIL"], reports, blob),
        LAST.to_owned(),
    ];
    parts.concat()
}

/// A table with its title; nothing where there are no rows.
fn section<const N: usize>(
    title: &str,
    head: [&str; N],
    reports: &[Report],
    row: impl Fn(&Report) -> Option<[String; N]>,
) -> String {
    let rows: Vec<[String; N]> = reports.iter().filter_map(row).collect();
    if rows.is_empty() {
        return format!("\n{title}: none\n");
    }
    format!("\n{title}: {}\n{}", rows.len(), output::table(head, &rows))
}

fn account(report: &Report) -> Option<String> {
    let Report::Account(account) = report else { return None };
    let AccountReport { name, id, identity, made, .. } = account;
    let none = || "none".to_owned();
    let previous = account.previous_door_hash.as_ref().map_or_else(none, |hash| {
        let until = account.previous_door_until.as_deref().unwrap_or_default();
        format!("{}, good until {}", shown(hash), shown(until))
    });
    let bytes = |own: Option<u64>| own.map_or_else(none, size_text);
    let envelopes = account.quota_mailbox_envelopes.map_or_else(none, |own| own.to_string());
    Some(pairs(&[
        ("name", shown(name)),
        ("id", shown(id)),
        ("identity", shown(identity)),
        ("made", shown(made)),
        ("suspended", if account.suspended { "yes" } else { "no" }.to_owned()),
        ("administrator", if account.administrator { "yes" } else { "no" }.to_owned()),
        ("credential, hash", shown(&account.credential_hash)),
        ("door, hash", shown(&account.door_hash)),
        ("door before, hash", previous),
        ("own limit of mailbox envelopes", envelopes),
        ("own limit of mailbox bytes", bytes(account.quota_mailbox_bytes)),
        ("own limit of blob bytes", bytes(account.quota_blob_bytes)),
    ]))
}

fn card(report: &Report) -> Option<[String; 4]> {
    let Report::Card(CardReport { version, made, bytes, devices }) = report else { return None };
    Some([version.to_string(), shown(made), bytes.to_string(), shown(&devices.join(" "))])
}

fn device(report: &Report) -> Option<String> {
    let Report::Device(device) = report else { return None };
    let DeviceReport { id, added, credential_hash, counter, mailbox, .. } = &**device;
    let or_none = |text: &Option<String>| text.as_deref().map_or_else(|| "none".to_owned(), shown);
    let rows = pairs(&[
        ("  added", or_none(added)),
        ("  credential, hash", or_none(credential_hash)),
        ("  counter", counter.to_string()),
        ("  signed prekey", prekey(device.signed_prekey.as_ref())),
        ("  last-resort prekey", prekey(device.last_resort_prekey.as_ref())),
        ("  one-time prekeys", device.one_time_prekeys.to_string()),
        ("  mailbox", shown(mailbox)),
        (
            "  waiting",
            format!(
                "{} envelopes, {} of them knocks, {} bytes",
                device.envelopes, device.knocks, device.envelope_bytes
            ),
        ),
    ]);
    Some(format!("\ndevice {}\n{rows}", shown(id)))
}

fn prekey(prekey: Option<&PrekeyReport>) -> String {
    prekey.map_or_else(
        || "none".to_owned(),
        |prekey| format!("number {}, until {}", prekey.id, shown(&prekey.expires)),
    )
}

fn envelope(report: &Report) -> Option<[String; 5]> {
    let Report::Envelope(EnvelopeReport { mailbox, sequence, bytes, knock, expires }) = report
    else {
        return None;
    };
    let knock = if *knock { "yes" } else { "no" }.to_owned();
    Some([shown(mailbox), sequence.to_string(), bytes.to_string(), knock, shown(expires)])
}

/// What a very full mailbox holds beyond what is listed.
fn left_out(reports: &[Report]) -> String {
    let listed = |mailbox: &str| {
        let of =
            |report: &&Report| matches!(report, Report::Envelope(held) if held.mailbox == mailbox);
        u32::try_from(reports.iter().filter(of).count()).unwrap_or(u32::MAX)
    };
    lines(reports.iter().filter_map(|report| match report {
        Report::Device(device) if listed(&device.mailbox) < device.envelopes => {
            let more = device.envelopes - listed(&device.mailbox);
            Some(format!("and {more} more in mailbox {}", shown(&device.mailbox)))
        }
        _ => None,
    }))
}

fn right(report: &Report) -> Option<[String; 5]> {
    let Report::Right { kind, hash, fetch, knocks, expires } = report else { return None };
    let fetch = if *fetch { "to be had" } else { "taken" }.to_owned();
    Some([shown(kind), shown(hash), fetch, knocks.to_string(), shown(expires)])
}

fn record(report: &Report) -> Option<[String; 3]> {
    let Report::Record { id, revision, bytes } = report else { return None };
    Some([shown(id), revision.to_string(), bytes.to_string()])
}

fn blob(report: &Report) -> Option<[String; 4]> {
    let Report::Blob { id, bytes, bytes_there, expires } = report else { return None };
    Some([shown(id), bytes.to_string(), bytes_there.to_string(), shown(expires)])
}
