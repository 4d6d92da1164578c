//! What shows in the log, and what does not.

use std::sync::{Arc, Mutex};

use tracing::{error, info, subscriber::with_default, warn};

use super::*;
use crate::test_folder::Folder;

#[derive(Clone, Default)]
struct Sink(Arc<Mutex<Vec<u8>>>);

impl io::Write for Sink {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl MakeWriter<'_> for Sink {
    type Writer = Self;

    fn make_writer(&self) -> Self {
        self.clone()
    }
}

fn logged(format: LogFormat, level: LogLevel, events: impl FnOnce()) -> String {
    painted(Line { format, has_colour: false }, level, events)
}

fn painted(line: Line, level: LogLevel, events: impl FnOnce()) -> String {
    let sink = Sink::default();
    let (subscriber, _handle) = subscriber(line, level, sink.clone());
    with_default(subscriber, events);
    let bytes = sink.0.lock().unwrap().clone();
    String::from_utf8(bytes).unwrap()
}

const BOTH: [LogFormat; 2] = [LogFormat::Text, LogFormat::Json];

#[test]
fn a_field_that_is_not_on_the_list_does_not_show() {
    for format in BOTH {
        let line = logged(format, LogLevel::Info, || {
            info!(links = 3, name = "alice", peer = %"192.0.2.1", body = "opaque", "ready");
        });
        assert!(line.contains("ready") && line.contains("links"), "{line}");
        for secret in ["alice", "name", "192.0.2.1", "peer", "opaque", "body"] {
            assert!(!line.contains(secret), "{line}");
        }
    }
}

#[test]
fn one_event_is_one_line_and_moves_no_cursor() {
    for format in BOTH {
        let line = logged(format, LogLevel::Info, || {
            let hostile = "a\nb\r\x1b[2J\u{202e}\u{200b}\u{9b}c";
            warn!(error = %hostile, path = hostile, keys = ?hostile, "first{hostile}");
        });
        assert_eq!(line.matches('\n').count(), 1, "{line}");
        assert!(line.ends_with('\n'));
        let shown = line.trim_end_matches('\n');
        assert!(!shown.chars().any(output::obeys), "{line}");
        assert!(shown.contains("u{202e}"), "{line}");
    }
}

#[test]
fn a_line_of_json_is_an_object() {
    let line = logged(LogFormat::Json, LogLevel::Info, || info!(count = 3, error = "a\"b", "x"));
    let line: Value = serde_json::from_str(&line).unwrap();
    assert_eq!(line["level"], "info");
    assert_eq!(line["message"], "x");
    assert_eq!(line["count"], 3);
    assert_eq!(line["error"], "a\"b");
    assert!(line["time"].as_str().unwrap().ends_with('Z'));
}

#[test]
fn a_line_of_text_has_time_level_message_and_fields() {
    let line = logged(LogFormat::Text, LogLevel::Info, || info!(count = 3, error = "a b", "x y"));
    let (time, rest) = line.split_once(' ').unwrap();
    assert!(time.ends_with('Z'), "{line}");
    assert_eq!(rest, "INFO  x y count=3 error=\"a b\"\n");
}

#[test]
fn only_the_level_of_a_line_of_text_is_coloured() {
    let say = || error!(error = "a\x1b[2Jb", "x y");
    let line = painted(Line { format: LogFormat::Text, has_colour: true }, LogLevel::Info, say);
    let (_, rest) = line.split_once(' ').unwrap();
    assert!(rest.starts_with("\x1b[31mERROR\x1b[0m x y error="), "{line:?}");
    assert_eq!(line.matches('\x1b').count(), 2, "{line:?}");
    let line = painted(Line { format: LogFormat::Json, has_colour: true }, LogLevel::Info, say);
    assert!(!line.contains('\x1b'), "{line:?}");
}

#[test]
fn what_is_less_grave_or_of_others_is_left_out() {
    let lines = logged(LogFormat::Text, LogLevel::Warn, || {
        info!("less grave");
        warn!(target: "some_library", "of others");
        warn!("own");
    });
    assert!(lines.contains("own") && !lines.contains("grave") && !lines.contains("others"));
}

#[test]
fn only_so_many_daily_files_are_kept() {
    let folder = Folder::new("log-days");
    for day in 1..=9 {
        let file = folder.path().join(format!("msg-relay.2026-01-0{day}.log"));
        std::fs::write(file, "old").unwrap();
    }
    std::fs::write(folder.path().join("other.log"), "not ours").unwrap();
    let appender = RollingFileAppender::builder()
        .rotation(Rotation::DAILY)
        .filename_prefix("msg-relay")
        .filename_suffix("log")
        .max_log_files(3)
        .build(folder.path())
        .unwrap();
    drop(appender);
    let names = std::fs::read_dir(folder.path()).unwrap();
    let names: Vec<_> = names.map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(names.iter().filter(|name| *name != "other.log").count(), 3, "{names:?}");
    assert_eq!(names.len(), 4);
}
