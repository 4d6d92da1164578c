//! The log: one line for one event, as text or as JSON, on stderr or in daily
//! files.
//!
//! Only the relay's own events are written, and of those only the fields that
//! `fields` lets through. Writing never holds a link up: lines wait
//! for a thread of their own, and what exceeds its queue is left out.

use core::fmt::{self, Write as _};
use std::io;

use anstyle::{AnsiColor, Style};
use serde_json::{Map, Value};
use tracing::{Event, Level, Subscriber, level_filters::LevelFilter};
use tracing_appender::{
    non_blocking::{NonBlocking, NonBlockingBuilder, WorkerGuard},
    rolling::{InitError, RollingFileAppender, Rotation},
};
use tracing_subscriber::{
    Layer as _,
    filter::Targets,
    fmt::{
        FmtContext, FormatEvent, FormatFields, MakeWriter,
        format::Writer,
        time::{FormatTime as _, SystemTime},
    },
    layer::SubscriberExt as _,
    registry::{LookupSpan, Registry},
    reload::{self, Handle},
};

use super::fields::Fields;
use crate::{
    config::{Log, LogFormat, LogLevel},
    output,
    private::{self, PrivateError},
};

/// The relay's own events; others may hold what a peer has sent.
const OWN: &str = "msg_relay";
/// Lines that wait to be written.
const QUEUE: usize = 4_096;

/// Why there is no log.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LogError {
    /// Its folder is not private.
    #[error(transparent)]
    Private(#[from] PrivateError),
    /// A file cannot be made.
    #[error("cannot make a file for the log: {0}")]
    File(#[from] InitError),
    /// There is one already in this process.
    #[error("a log is set up already")]
    Twice,
}

/// The log while it is written; what waits is written when this is dropped.
#[derive(Debug)]
pub struct Logging {
    level: Handle<Targets, Registry>,
    _worker: WorkerGuard,
}

impl Logging {
    /// Begins to write the log of this process.
    pub fn start(log: &Log) -> Result<Self, LogError> {
        let (writer, worker) = match &log.folder {
            Some(folder) => {
                private::make_folder(folder)?;
                // The file of today is one of those that are kept.
                let kept = usize::from(log.days);
                queue(
                    RollingFileAppender::builder()
                        .rotation(Rotation::DAILY)
                        .filename_prefix("msg-relay")
                        .filename_suffix("log")
                        .max_log_files(kept)
                        .build(folder)?,
                )
            }
            None => queue(io::stderr()),
        };
        let has_colour = log.folder.is_none() && output::has_colour(&io::stderr());
        let line = Line { format: log.format, has_colour };
        let (subscriber, level) = subscriber(line, log.level, writer);
        tracing::subscriber::set_global_default(subscriber).map_err(|_| LogError::Twice)?;
        Ok(Self { level, _worker: worker })
    }

    /// Writes from another level on.
    pub fn change_level(&self, level: LogLevel) {
        // Fails only once the log itself is gone.
        let _ = self.level.reload(filter(level));
    }
}

fn queue(writer: impl io::Write + Send + 'static) -> (NonBlocking, WorkerGuard) {
    NonBlockingBuilder::default().buffered_lines_limit(QUEUE).finish(writer)
}

fn filter(level: LogLevel) -> Targets {
    let level = match level {
        LogLevel::Error => LevelFilter::ERROR,
        LogLevel::Warn => LevelFilter::WARN,
        LogLevel::Info => LevelFilter::INFO,
        LogLevel::Debug => LevelFilter::DEBUG,
        LogLevel::Trace => LevelFilter::TRACE,
    };
    Targets::new().with_target(OWN, level)
}

fn subscriber<W>(
    line: Line,
    level: LogLevel,
    writer: W,
) -> (impl Subscriber + Send + Sync, Handle<Targets, Registry>)
where
    W: for<'w> MakeWriter<'w> + Send + Sync + 'static,
{
    let (filter, handle) = reload::Layer::new(filter(level));
    let lines = tracing_subscriber::fmt::layer().event_format(line).with_writer(writer);
    (tracing_subscriber::registry().with(lines.with_filter(filter)), handle)
}

/// How an event becomes a line.
struct Line {
    format: LogFormat,
    has_colour: bool,
}

impl<S, N> FormatEvent<S, N> for Line
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    N: for<'a> FormatFields<'a> + 'static,
{
    fn format_event(
        &self,
        _: &FmtContext<'_, S, N>,
        mut writer: Writer<'_>,
        event: &Event<'_>,
    ) -> fmt::Result {
        let mut time = String::new();
        SystemTime.format_time(&mut Writer::new(&mut time))?;
        let mut fields = Fields::default();
        event.record(&mut fields);
        let level = *event.metadata().level();
        let line = match self.format {
            LogFormat::Text => text(&time, level, &fields, self.has_colour),
            LogFormat::Json => json(&time, level, fields).to_string(),
        };
        writeln!(writer, "{line}")
    }
}

const fn style(level: Level) -> Style {
    let colour = match level {
        Level::ERROR => AnsiColor::Red,
        Level::WARN => AnsiColor::Yellow,
        Level::INFO => AnsiColor::Green,
        _ => AnsiColor::Blue,
    };
    Style::new().fg_color(Some(anstyle::Color::Ansi(colour)))
}

fn text(time: &str, level: Level, fields: &Fields, has_colour: bool) -> String {
    let style = if has_colour { style(level) } else { Style::new() };
    let mut line = format!("{} {style}{level:<5}{style:#}", time.trim_end());
    for (name, value) in &fields.0 {
        // Writing to a text cannot fail.
        let _ = match value {
            Value::String(text) if *name == "message" => write!(line, " {text}"),
            value => write!(line, " {name}={value}"),
        };
    }
    line
}

fn json(time: &str, level: Level, fields: Fields) -> Value {
    let mut line = Map::new();
    line.insert("time".to_owned(), time.trim_end().into());
    line.insert("level".to_owned(), level.as_str().to_ascii_lowercase().into());
    line.extend(fields.0.into_iter().map(|(name, value)| (name.to_owned(), value)));
    line.into()
}

#[cfg(test)]
mod tests;
