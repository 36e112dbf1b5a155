//! `tandem watch`: the running gateway in the terminal, as it goes on.
//!
//! ```text
//!   keys, size ---------+
//!   answers, once a s --+--> State --> frame() --> terminal
//!   a second's tick ----+      |
//!                              +--> what is asked next
//! ```
//! `state` and `frame` are pure; here are the terminal, the gateway and the clock.

mod asked;
mod frame;
mod state;
#[cfg(test)]
mod tests;

use crate::{Config, ask::Gateway, calls};
use anyhow::{Context, bail};
use ratatui::crossterm::event::{self, Event};
use state::State;
use std::{
    future::{Future, pending},
    io::{IsTerminal, stdin, stdout},
    pin::Pin,
    process::ExitCode,
    thread,
    time::Duration,
};
use tandem_types::Wall;
use tokio::{
    signal::unix::{SignalKind, signal},
    sync::mpsc,
    time::{MissedTickBehavior, interval},
};

/// From one question to the next.
const EVERY: Duration = Duration::from_secs(1);
/// Keys that wait; whoever presses more than that at once is heard a moment later, as the reader waits.
const KEYS: usize = 64;

type Asking<'a> = Pin<Box<dyn Future<Output = anyhow::Result<asked::Told>> + 'a>>;

pub(crate) async fn run(config: &Config) -> anyhow::Result<ExitCode> {
    let node = calls::node(config)?;
    let gateway = Gateway::of(config)?;
    if !stdin().is_terminal() || !stdout().is_terminal() {
        bail!(
            "`tandem watch` needs a terminal; `tandem calls --json` and `tandem queues --json` do not"
        );
    }
    let mut state = State::new(&node.name, &gateway.to_string());
    let screen = Screen::enter().context("the terminal")?;
    let outcome = live(screen, &gateway, &mut state).await;
    // Told where it can be read: the terminal is what it was.
    outcome.map(|()| ExitCode::SUCCESS)
}

async fn live(mut screen: Screen, gateway: &Gateway, state: &mut State) -> anyhow::Result<()> {
    let mut events = events()?;
    let mut tick = interval(EVERY);
    tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut ends = [
        signal(SignalKind::terminate())?,
        signal(SignalKind::interrupt())?,
        signal(SignalKind::hangup())?,
    ];
    let mut asking: Option<Asking<'_>> = None;
    loop {
        screen.0.draw(|frame| {
            let area = frame.area();
            state.sized(area.width, area.height);
            frame::draw(frame, state, now());
        })?;
        let [term, int, hup] = &mut ends;
        let wanted = state.wants();
        tokio::select! {
            event = events.recv() => match event {
                Some(Event::Key(key)) if !state.key(key) => return Ok(()),
                Some(_) => {}
                // Nobody holds the terminal any more.
                None => return Ok(()),
            },
            answer = answered(&mut asking) => {
                asking = None;
                state.hear(now(), answer.map_err(|why| format!("{why:#}")));
            }
            _ = tick.tick(), if asking.is_none() => {
                asking = Some(Box::pin(asked::ask(gateway, state.wants())));
            }
            _ = term.recv() => return Ok(()),
            _ = int.recv() => return Ok(()),
            _ = hup.recv() => return Ok(()),
        }
        if state.wants() != wanted {
            // Whoever turned to something else sees it at once.
            tick.reset_immediately();
        }
    }
}

/// The answer under way; for ever, where there is none.
async fn answered(asking: &mut Option<Asking<'_>>) -> anyhow::Result<asked::Told> {
    match asking {
        Some(asking) => asking.await,
        None => pending().await,
    }
}

/// What the terminal says. The thread ends with the process: nothing wakes it but a key.
fn events() -> anyhow::Result<mpsc::Receiver<Event>> {
    let (tell, events) = mpsc::channel(KEYS);
    thread::Builder::new()
        .name("keys".to_owned())
        .spawn(move || {
            while let Ok(event) = event::read() {
                if tell.blocking_send(event).is_err() {
                    return;
                }
            }
        })
        .context("the thread of the keys")?;
    Ok(events)
}

fn now() -> Wall {
    tandem_server::Clock::start().now().wall
}

/// The terminal while it is ours: raw, and on its other screen. It is what it was when this is dropped, and before a panic is told.
struct Screen(ratatui::DefaultTerminal);

impl Screen {
    fn enter() -> std::io::Result<Self> {
        // Sets the hook of panics.
        ratatui::try_init().map(Self)
    }
}

impl Drop for Screen {
    fn drop(&mut self) {
        let _ = self.0.show_cursor();
        ratatui::restore();
    }
}
