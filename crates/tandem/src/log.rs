//! Where log lines go: to standard error. `RUST_LOG` chooses, `serve` says what happens, the other verbs only what is wrong.
//!
//! What `serve` says of calls that go well is written ten times a second, many lines at once: a line each would cost the thread that
//! carries the calls more than to write its text. A warning or an error is written at once, with what waits before it.
//!
//! ```text
//!   line --> waiting, 4 MiB at the most --- warning: now; else within 100 ms --> standard error
//!                    | full, as nobody reads standard error: counted, left out (a call never waits for that)
//! ```

use std::{
    io::{self, Write},
    sync::{Condvar, Mutex, MutexGuard, PoisonError},
    time::Duration,
};
use tracing::{Level, Metadata};
use tracing_subscriber::{EnvFilter, fmt::MakeWriter};

/// How long a line may wait for others.
const GATHER: Duration = Duration::from_millis(100);
/// So much text may wait.
const FULL: usize = 4 << 20;

static LINES: Lines = Lines {
    waiting: Mutex::new(Waiting {
        text: Vec::new(),
        left_out: 0,
        at_once: false,
    }),
    news: Condvar::new(),
    out: Mutex::new(()),
};

/// The lines of this process.
struct Lines {
    waiting: Mutex<Waiting>,
    news: Condvar,
    /// Whoever writes: what was taken first comes first.
    out: Mutex<()>,
}

struct Waiting {
    text: Vec<u8>,
    left_out: u64,
    at_once: bool,
}

/// Sets up the log. `quiet`: only what is wrong; `gathered`: by [`Lines`].
pub(crate) fn begin(quiet: bool, gathered: bool, json: bool) -> Log {
    let filter = EnvFilter::try_from_default_env()
        .unwrap_or_else(|_| EnvFilter::new(if quiet { "error" } else { "info" }));
    let builder = tracing_subscriber::fmt().with_env_filter(filter);
    let thread = std::thread::Builder::new().name("log".into());
    let gathered = gathered && thread.spawn(write_for_ever).is_ok();
    match (gathered, json) {
        (true, true) => builder.json().with_writer(&LINES).init(),
        (true, false) => builder.with_ansi(false).with_writer(&LINES).init(),
        (false, true) => builder.json().with_writer(io::stderr).init(),
        (false, false) => builder.with_ansi(false).with_writer(io::stderr).init(),
    }
    Log
}

/// Dropped, it has written everything.
pub(crate) struct Log;

impl Drop for Log {
    fn drop(&mut self) {
        LINES.write(&mut Vec::new());
    }
}

fn write_for_ever() {
    let mut text = Vec::new();
    loop {
        LINES.wait();
        LINES.write(&mut text);
    }
}

impl Lines {
    fn waiting(&self) -> MutexGuard<'_, Waiting> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Sleeps until there is something to write.
    fn wait(&self) {
        let waiting = self.waiting();
        let there = self.news.wait_while(waiting, |w| w.text.is_empty());
        let waiting = there.unwrap_or_else(PoisonError::into_inner);
        let more = self
            .news
            .wait_timeout_while(waiting, GATHER, |w| !w.at_once);
        drop(more);
    }

    /// Writes what waits; `text` is for it.
    fn write(&self, text: &mut Vec<u8>) {
        let _alone = self.out.lock().unwrap_or_else(PoisonError::into_inner);
        text.clear();
        let mut waiting = self.waiting();
        std::mem::swap(&mut waiting.text, text);
        let left_out = std::mem::take(&mut waiting.left_out);
        waiting.at_once = false;
        drop(waiting);
        if left_out > 0 {
            let _ = writeln!(
                text,
                "{left_out} lines of the log were left out: standard error was not read"
            );
        }
        // Nobody is left who could be told.
        let _ = io::stderr().write_all(text);
    }

    fn put(&self, line: &[u8], at_once: bool) {
        let mut waiting = self.waiting();
        if waiting.text.len() + line.len() > FULL {
            waiting.left_out += 1;
            return;
        }
        let wakes = waiting.text.is_empty() || (at_once && !waiting.at_once);
        waiting.text.extend_from_slice(line);
        waiting.at_once |= at_once;
        drop(waiting);
        if wakes {
            self.news.notify_one();
        }
    }
}

/// A line on its way.
pub(crate) struct Line {
    at_once: bool,
}

impl Write for Line {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        LINES.put(line, self.at_once);
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl MakeWriter<'_> for &'static Lines {
    type Writer = Line;

    fn make_writer(&self) -> Line {
        Line { at_once: true }
    }

    fn make_writer_for(&self, meta: &Metadata<'_>) -> Line {
        Line {
            at_once: *meta.level() <= Level::WARN,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines() -> Lines {
        Lines {
            waiting: Mutex::new(Waiting {
                text: Vec::new(),
                left_out: 0,
                at_once: false,
            }),
            news: Condvar::new(),
            out: Mutex::new(()),
        }
    }

    #[test]
    fn lines_wait_in_order_and_a_warning_ends_the_waiting() {
        let lines = lines();
        lines.put(b"one\n", false);
        assert!(!lines.waiting().at_once);
        lines.put(b"two\n", true);
        assert_eq!(lines.waiting().text, b"one\ntwo\n");
        assert!(lines.waiting().at_once);
        // Otherwise this would sleep for ever.
        lines.wait();
    }

    #[test]
    fn where_nobody_reads_lines_are_left_out_and_counted() {
        let lines = lines();
        let line = vec![b'x'; FULL / 2];
        for _ in 0..5 {
            lines.put(&line, false);
        }
        assert_eq!(lines.waiting().text.len(), FULL);
        assert_eq!(lines.waiting().left_out, 3);
    }
}
