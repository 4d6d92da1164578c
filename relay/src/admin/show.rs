//! Answers as people read them: plain tables, and nothing that a terminal obeys.

mod inspect;
mod stats;

use super::{
    order::Order,
    report::{Granted, Invite, Migrated, NewInvite, QuotaReport, Report, User},
};
use crate::{config::size_text, output};

/// Digits of an invitation's id that are enough to tell it from the others.
const ID_DIGITS: usize = 12;

/// The answer to an order, as data.
pub(super) fn text(order: &Order, reports: &[Report]) -> String {
    match order {
        Order::InviteList => invites(reports),
        Order::UserList => users(reports, "no accounts\n"),
        Order::AdminList => users(reports, "no administrators\n"),
        Order::Inspect { .. } => inspect::text(reports),
        _ => reports.iter().map(one).collect(),
    }
}

/// What is to be said beside the data.
pub(super) fn talk(reports: &[Report]) -> Option<String> {
    reports.iter().find_map(|report| match report {
        Report::NewInvite(new) if new.registration != "invited" => Some(format!(
            "registration is {}: nobody needs an invitation until `registration` is set to invited\n",
            new.registration
        )),
        _ => None,
    })
}

pub(super) fn one(report: &Report) -> String {
    match report {
        Report::NewInvite(new) => new_invite(new),
        Report::User(user) => user_rows(user),
        Report::Quota(quota) => self::quota(quota),
        Report::Stats(stats) => stats::text(stats),
        Report::Backup { file, bytes } => {
            format!("{} written, {}\n", output::shown(file), amount(*bytes))
        }
        Report::Check { rows, faults } => check(*rows, faults),
        Report::Compact { bytes_before, bytes_after } => {
            format!("{} before, {} after\n", amount(*bytes_before), amount(*bytes_after))
        }
        Report::Made { link, folder, .. } => format!(
            "{}\n\nmade in {}; the first start prints what a user pastes\n",
            output::shown(link),
            output::shown(folder)
        ),
        Report::Wiped { files } if files.is_empty() => "there was no store\n".to_owned(),
        Report::Wiped { files } => {
            lines(files.iter().map(|file| format!("{} is gone", output::shown(file))))
        }
        Report::Migrated(moved) => migrated(moved),
        Report::Done { message } => format!("{}\n", output::shown(message)),
        _ => String::new(),
    }
}

fn migrated(moved: &Migrated) -> String {
    let counts = moved.counts.iter().filter(|(_, count)| **count > 0);
    let counts: Vec<String> = counts.map(|(kind, count)| format!("{count} {kind}")).collect();
    let next = lines(moved.next.iter().map(|line| output::shown(line)));
    format!(
        "{items} items moved from {from} to {to}: {counts}\nsha256 {sha256}, the same at both ends\n\nnow {next}",
        items = moved.items,
        from = moved.from,
        to = moved.to,
        counts = counts.join(", "),
        sha256 = moved.sha256,
    )
}

fn new_invite(new: &NewInvite) -> String {
    let accounts =
        if new.uses == 1 { "one account".to_owned() } else { format!("{} accounts", new.uses) };
    format!(
        "{link}\nmsg register NAME --relay '{link}'\n\ninvitation {id}, for {accounts}, until {until}; it is shown this once\n",
        link = output::shown(&new.link),
        id = short(&new.id),
        until = new.expires,
    )
}

fn invites(reports: &[Report]) -> String {
    let rows: Vec<[String; 5]> = reports.iter().filter_map(invite).collect();
    if rows.is_empty() {
        return "no invitations\n".to_owned();
    }
    output::table(["ID", "USES", "MADE", "UNTIL", "NOTE"], &rows)
}

fn invite(report: &Report) -> Option<[String; 5]> {
    let Report::Invite(Invite { id, uses, made, expires, note }) = report else { return None };
    Some([short(id), uses.to_string(), made.clone(), expires.clone(), output::shown(note)])
}

fn users(reports: &[Report], none: &str) -> String {
    let rows: Vec<[String; 7]> = reports.iter().filter_map(user).collect();
    if rows.is_empty() {
        return none.to_owned();
    }
    output::table(["NAME", "MADE", "DEVICES", "ENVELOPES", "WAITING", "BLOBS", "STATE"], &rows)
}

fn user(report: &Report) -> Option<[String; 7]> {
    let Report::User(user) = report else { return None };
    Some([
        output::shown(&user.name),
        user.made.clone(),
        user.devices.to_string(),
        user.envelopes.to_string(),
        amount(user.envelope_bytes),
        amount(user.blob_bytes),
        state(user).to_owned(),
    ])
}

const fn state(user: &User) -> &'static str {
    match (user.suspended, user.administrator) {
        (true, true) => "suspended, admin",
        (true, false) => "suspended",
        (false, true) => "active, admin",
        (false, false) => "active",
    }
}

fn user_rows(user: &User) -> String {
    pairs(&[
        ("name", output::shown(&user.name)),
        ("id", output::shown(&user.id)),
        ("made", user.made.clone()),
        ("state", state(user).to_owned()),
        ("devices", user.devices.to_string()),
        ("envelopes", format!("{}, {}", user.envelopes, amount(user.envelope_bytes))),
        ("blobs", format!("{}, {}", user.blobs, amount(user.blob_bytes))),
        ("records", user.records.to_string()),
    ])
}

fn quota(quota: &QuotaReport) -> String {
    let whose = |granted: Granted| if granted.own { "its own" } else { "the relay's" };
    let size = |granted: Granted| format!("{}, {}", size_text(granted.value), whose(granted));
    let envelopes = quota.mailbox_envelopes;
    pairs(&[
        ("mailbox envelopes", format!("{}, {}", envelopes.value, whose(envelopes))),
        ("mailbox bytes", size(quota.mailbox_bytes)),
        ("blob bytes", size(quota.blob_bytes)),
    ])
}

fn check(rows: u64, faults: &[String]) -> String {
    if faults.is_empty() {
        return format!("{rows} rows read, nothing is wrong\n");
    }
    let faults = faults.iter().map(|fault| output::shown(fault));
    lines(std::iter::once(format!("{rows} rows read")).chain(faults))
}

fn lines(lines: impl Iterator<Item = String>) -> String {
    lines.flat_map(|line| [line, "\n".to_owned()]).collect()
}

/// About how many bytes, for people.
fn amount(bytes: u64) -> String {
    const UNITS: [(&str, u32); 4] = [("TiB", 40), ("GiB", 30), ("MiB", 20), ("KiB", 10)];
    let Some((unit, bits)) = UNITS.iter().find(|(_, bits)| bytes >> bits > 0) else {
        return format!("{bytes} B");
    };
    let tenths = (u128::from(bytes) * 10) >> bits;
    format!("{}.{} {unit}", tenths / 10, tenths % 10)
}

/// Names and values below each other.
fn pairs(pairs: &[(&str, String)]) -> String {
    let width = pairs.iter().map(|(name, _)| name.len()).max().unwrap_or(0);
    lines(pairs.iter().map(|(name, value)| format!("{name:<width$}  {value}")))
}

fn short(id: &str) -> String {
    output::shown(id).chars().take(ID_DIGITS).collect()
}
