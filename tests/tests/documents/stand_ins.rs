//! Programs of which a test has none, or must not have the real one: what each
//! does in its place. A document's commands find them before the system's.

use std::{fs, os::unix::fs::PermissionsExt as _, path::Path};

/// Name, and what a shell does in its place; `$WORLD` is the folder of it all.
pub(crate) const STAND_INS: &[(&str, &str)] = &[
    // Whoever tests has their own rights and no others.
    ("sudo", "exec env \"$@\""),
    ("chown", ":"),
    // A unit is a process, its journal a file; it must have been installed.
    ("systemctl", SYSTEMCTL),
    ("journalctl", "grep msg-relay:// \"$WORLD/journal\""),
    // The image's file must be there, and what runs in the container is that relay.
    ("docker", DOCKER),
    // What is built was built: packages are looked up, and the programs laid out.
    ("cargo", CARGO),
    // Writes the configuration that the comment beside it speaks of.
    ("editor", "printf '%s\\n' \"$CONFIGURATION\" >\"$1\""),
    // As the documents show them, on whatever machine.
    ("df", DF),
    // Others' programs, which end well or badly, with something to tell.
    ("restic", "seq 40; echo 'snapshot 4bba301e saved'"),
    ("pg_dump", "echo 'CREATE TABLE shop ();'"),
    ("pass", "echo hunter2"),
    ("make", "echo 'a test failed' >&2; exit 2"),
    ("rsync", "echo 'no space left' >&2; exit 11"),
    ("logger", "echo \"$@\" >>\"$WORLD/logged\""),
];

const SYSTEMCTL: &str = r#"
data=$WORLD/var/lib/msg-relay
case $1 in
    daemon-reload | edit) ;;
    enable | start)
        for unit; do :; done
        [ -f "$WORLD/etc/systemd/system/${unit%@*}.service" ] ||
            [ -f "$WORLD/etc/systemd/system/${unit%@*}@.service" ]
        [ "$unit" = msg-relay ] || exit 0
        setsid msg-relay --data "$data" >>"$WORLD/journal" 2>&1 </dev/null &
        echo $! >"$WORLD/pid"
        until msg-relay --data "$data" stats >/dev/null 2>&1; do
            kill -0 "$(cat "$WORLD/pid")" || { cat "$WORLD/journal" >&2; exit 1; }
            sleep 0.1
        done
        ;;
    stop)
        kill -TERM "$(cat "$WORLD/pid")"
        while kill -0 "$(cat "$WORLD/pid")" 2>/dev/null; do sleep 0.1; done
        rm "$WORLD/pid"
        ;;
    reload) kill -HUP "$(cat "$WORLD/pid")" ;;
    status) echo "it has failed: $*" ;;
    *) exit 64 ;;
esac"#;

const DOCKER: &str = r#"
case $1 in
    build)
        [ "$2" = -f ] && [ -f "$3" ] && touch "$WORLD/image-$5"
        ;;
    run)
        for image; do :; done
        [ -f "$WORLD/image-$image" ]
        ;;
    logs) grep msg-relay:// "$WORLD/journal" ;;
    exec) shift 2; MSG_RELAY_DATA=$WORLD/var/lib/msg-relay exec "$@" ;;
    *) exit 64 ;;
esac"#;

const CARGO: &str = r#"
case $1 in
    xtask) exit 0 ;; # `mentions` looks at its words
    build) ;;
    *) exit 64 ;;
esac
shift
packages=
while [ $# -gt 0 ]; do
    case $1 in
        --release | --locked) shift ;;
        -p) packages="$packages -p $2"; shift 2 ;;
        *) exit 64 ;;
    esac
done
# shellcheck disable=SC2086
PATH=$CARGO_PATH "$CARGO_PROGRAM" tree --quiet --offline --locked --depth 0 $packages >/dev/null
mkdir -p target/release
case $packages in *"-p msg-cli"*) cp "$WORLD/tools/msg" target/release/ ;; esac
case $packages in *"-p msg-relay"*) cp "$WORLD/tools/msg-relay" target/release/ ;; esac"#;

const DF: &str = r"
echo 'Filesystem      Size  Used Avail Use% Mounted on'
echo '/dev/sda1        40G   25G   13G  66% /'";

/// Puts them all into a folder.
pub(crate) fn place(folder: &Path) {
    for (name, does) in STAND_INS {
        program(&folder.join(name), &format!("set -eu\n{does}"));
    }
}

/// Writes a program for a shell.
pub(crate) fn program(path: &Path, text: &str) {
    fs::write(path, format!("#!/bin/sh\n{text}\n")).expect("a program");
    fs::set_permissions(path, fs::Permissions::from_mode(0o755)).expect("it is ours");
}
