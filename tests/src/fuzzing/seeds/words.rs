//! Seeds of what people type and configure, of what others wrote, and of links that
//! a relay serves.

use super::{Seed, seed};

/// Numbers of orders in `session::relay_session`, with what they take.
const ANONYMOUS: [u8; 2] = [2, 0];
const SIGNED_IN: [u8; 5] = [2, 1, 3, 3, 0];
const DEPOSIT: [u8; 3] = [4, 7, 1];
const PING: [u8; 4] = [5, 3, 2, 0];
const COLLECT: [u8; 4] = [5, 3, 3, 1];
const CREDIT: [u8; 6] = [5, 3, 4, 2, 0, 10];
const CARDS: [u8; 4] = [5, 3, 5, 4];

pub(super) fn seeds() -> Vec<Seed> {
    let mut seeds = Vec::new();
    for name in
        ["bob", "a.b_c-9", "Carol", "x", "9bob", "b\u{f6}b", "abcdefghijklmnopqrstuvwxyz-01234"]
    {
        seeds.push(seed("username", &format!("{}-{}", name.len(), seeds.len()), name));
    }
    let texts = [
        ("plain", "hello\nworld\n"),
        ("escape", "\u{1b}[2J\u{1b}]0;title\u{7}\u{9b}31m\r\u{8}"),
        ("bidi", "\u{202e}txt.exe\u{202c} \u{2066}a\u{2069}\u{200f}\u{61c}"),
        ("hidden", "a\u{200b}b\u{2060}c\u{feff}\u{ad}\u{180e}\u{e0041}"),
        ("joiners", "\u{645}\u{6cc}\u{200c}\u{62e}\u{648} \u{1f468}\u{200d}\u{1f469} x\u{200d}y"),
        ("marks", "e\u{301}\u{301}\u{301}\u{301}\u{301}\u{301}\u{301}\u{301}\u{301}\u{301}"),
        ("wide", "\t\u{4f60}\u{597d}\u{4e16}\u{754c} a long line that is to be wrapped somewhere"),
    ];
    for (name, text) in texts {
        seeds.push(seed("term_filter", name, [&[20], text.as_bytes()].concat()));
    }
    let names = [
        ("plain", "report.pdf"),
        ("path", "../../.ssh/authorized_keys"),
        ("windows", "C:\\Windows\\system.ini"),
        ("option", "-rf ~root"),
        ("bidi", "evil\u{202e}fdp.exe"),
        ("packed", "src.tar.gz"),
        ("shell", "$(reboot)`id`|x*?.sh. . "),
    ];
    seeds.extend(names.map(|(name, text)| seed("attachment_name", name, text)));
    seeds.extend(settings());
    seeds.extend(arguments());
    seeds.extend(sessions());
    seeds
}

fn settings() -> Vec<Seed> {
    let files = [
        ("plain", "listen = \"0.0.0.0:7777\"\npublic = \"relay.example\"\n"),
        ("limits", "[limits]\nmailbox-bytes = \"1GiB\"\nknocks = 0x10\nwork-bits = 20\n"),
        (
            "log",
            "metrics = \"off\"\ncolor = \"never\"\n[log]\nlevel = \"debug\"\nformat = \"json\"\nfolder = \"log\"\ndays = 3\n",
        ),
        (
            "tls",
            "registration = \"closed\"\nexempt-loopback = false\n[tls]\ncertificate = \"a.pem\"\nkey = \"b.pem\"\n",
        ),
        (
            "postgres",
            "store = \"postgres\"\nblobs = \"s3://b/p?endpoint=https://s3.example&region=eu-1\"\n[postgres]\ndsn = \"host=a,b user=msg dbname=msg target_session_attrs=read-write\"\nallow-single-node = true\n",
        ),
        (
            "folder",
            "store = \"postgres\"\nblobs = \"file:///srv/blobs\"\n[postgres]\ndsn = \"postgres://msg:secret@a,b/msg\"\n",
        ),
    ];
    let mut seeds: Vec<Seed> =
        files.into_iter().map(|(name, text)| seed("config_toml", name, text)).collect();
    let values = [
        "verified-only",
        "listed",
        "bob@relay.example, carol@[::1]:7",
        "none",
        "verified",
        "socks5h://[::1]:9050",
        "on",
        "off",
    ];
    for (number, value) in (0..).zip(values) {
        seeds.push(seed("setting", &format!("{number}"), [&[number], value.as_bytes()].concat()));
    }
    seeds
}

fn arguments() -> Vec<Seed> {
    let lines: [&[&str]; 8] = [
        &["send", "bob,carol", "lunch", "at", "noon?"],
        &["send", "-g", "ops", "--file", "a.pdf", "b/", "--wait", "delivered", "--timeout", "1m"],
        &["recv", "--follow", "--json", "--from", "#ops", "--reply", "--exec", "./bot", "-x"],
        &["register", "alice", "--relay", "-", "--unattended", "--home", "/x"],
        &["help", "group", "create"],
        &["run", "alice", "--on-failure", "--", "make", "--help"],
        &["--limit", "knocks=1", "-a", "0.0.0.0", "-p", "1", "users", "quota", "bob", "--default"],
        &["migrate", "--to", "postgres", "--skip-damaged"],
    ];
    let seeds = (0..).zip(lines);
    seeds
        .map(|(number, words): (u8, _)| seed("cli_args", &format!("{number}"), words.join("\n")))
        .collect()
}

fn sessions() -> Vec<Seed> {
    let orders: [(&str, &[&[u8]]); 6] = [
        ("nobody", &[&ANONYMOUS, &PING, &CARDS, &DEPOSIT]),
        ("device", &[&SIGNED_IN, &PING, &CREDIT, &COLLECT]),
        ("before", &[&PING, &ANONYMOUS, &ANONYMOUS]),
        ("wrong-kind", &[&ANONYMOUS, &COLLECT, &PING]),
        ("http", &[&[0, 16], b"GET / HTTP/1.1\r\n"]),
        ("frames", &[&ANONYMOUS, &[1, 3, 1, 0, 7], &[0, 4, 0xff, 0xff, 0xff, 0xff]]),
    ];
    orders.map(|(name, orders)| seed("relay_session", name, orders.concat())).into()
}
