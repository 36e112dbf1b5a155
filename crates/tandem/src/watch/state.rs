//! What is shown, and what keys change about it.

use super::asked::{Told, Wanted};
use ratatui::crossterm::event::{KeyCode, KeyEvent, KeyEventKind, KeyModifiers};
use tandem_store::CallRow;
use tandem_types::{CallId, Wall};

/// Lines that are neither calls nor pane: head, titles, the panes' names, foot.
const AROUND: u16 = 4;
/// Calls are never shown in fewer lines than these, nor in more than two fifths of the screen.
const FEWEST: u16 = 3;

/// What stands below the calls.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Pane {
    /// What is said in the chosen call, and what becomes of it.
    #[default]
    Call,
    /// Its SIP messages.
    Ladder,
    /// Queues and phones.
    People,
}

/// How the gateway does.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) enum Link {
    /// It was not heard yet.
    #[default]
    Asking,
    Up,
    Away {
        why: String,
        since: Wall,
    },
}

/// All that a frame is made of.
#[derive(Clone, Debug, Default)]
pub(super) struct State {
    pub(super) node: String,
    pub(super) at: String,
    pub(super) link: Link,
    pub(super) told: Told,
    pub(super) pane: Pane,
    /// Calls that go on, alone.
    pub(super) running: bool,
    /// `None`: the newest, whichever that is.
    chosen: Option<CallId>,
    /// Lines that the pane was scrolled, from where it stands by itself: the end of what goes on, else the top.
    pub(super) scrolled: usize,
    size: (u16, u16),
}

impl State {
    pub(super) fn new(node: &str, at: &str) -> Self {
        Self {
            node: node.to_owned(),
            at: at.to_owned(),
            ..Self::default()
        }
    }

    pub(super) fn sized(&mut self, width: u16, height: u16) {
        self.size = (width, height);
    }

    pub(super) fn wants(&self) -> Wanted {
        Wanted {
            call: self.call(),
            ladder: self.pane == Pane::Ladder,
            people: self.pane == Pane::People,
        }
    }

    /// What the gateway said, or why it did not.
    pub(super) fn hear(&mut self, now: Wall, answer: Result<Told, String>) {
        match answer {
            Ok(told) => {
                self.link = Link::Up;
                // What was not asked for stays as it was seen last.
                let before = std::mem::replace(&mut self.told, told);
                let same = |d: &tandem_store::CallDetail| Some(d.call.uniqueid) == self.call();
                if self.told.ladder.is_none() && before.call.as_ref().is_some_and(same) {
                    self.told.ladder = before.ladder;
                }
                if self.pane != Pane::People {
                    (self.told.queues, self.told.phones) = (before.queues, before.phones);
                }
            }
            Err(why) => {
                let since = match self.link {
                    Link::Away { since, .. } => since,
                    _ => now,
                };
                self.link = Link::Away { why, since };
            }
        }
    }

    /// The calls that are listed.
    pub(super) fn calls(&self) -> Vec<&CallRow> {
        let all = self.told.calls.iter();
        all.filter(|c| !self.running || c.ended.is_none()).collect()
    }

    /// The one that is shown.
    pub(super) fn call(&self) -> Option<CallId> {
        let newest = || self.calls().first().map(|c| c.uniqueid);
        self.chosen.or_else(newest)
    }

    /// The newest is shown, whichever that is.
    pub(super) fn follows(&self) -> bool {
        self.chosen.is_none()
    }

    /// `false`: it is over.
    pub(super) fn key(&mut self, key: KeyEvent) -> bool {
        if key.kind == KeyEventKind::Release {
            return true;
        }
        let ctrl = key.modifiers.contains(KeyModifiers::CONTROL);
        match key.code {
            KeyCode::Char('q') | KeyCode::Esc => return false,
            KeyCode::Char('c') if ctrl => return false,
            KeyCode::Up | KeyCode::Char('k') => self.choose(-1),
            KeyCode::Down | KeyCode::Char('j') => self.choose(1),
            KeyCode::Char('n') => self.show(None),
            KeyCode::Char('r') => {
                self.running = !self.running;
                self.show(None);
            }
            KeyCode::Tab => self.turn(match self.pane {
                Pane::Call => Pane::Ladder,
                Pane::Ladder => Pane::People,
                Pane::People => Pane::Call,
            }),
            KeyCode::Char('1') => self.turn(Pane::Call),
            KeyCode::Char('2') => self.turn(Pane::Ladder),
            KeyCode::Char('3') => self.turn(Pane::People),
            KeyCode::PageUp => self.scroll(true),
            KeyCode::PageDown => self.scroll(false),
            KeyCode::Home | KeyCode::End => self.scrolled = 0,
            _ => {}
        }
        true
    }

    fn turn(&mut self, pane: Pane) {
        self.pane = pane;
        self.scrolled = 0;
    }

    fn show(&mut self, call: Option<CallId>) {
        self.chosen = call;
        self.scrolled = 0;
    }

    fn choose(&mut self, by: isize) {
        let all: Vec<CallId> = self.calls().iter().map(|c| c.uniqueid).collect();
        let at = self.call().and_then(|id| all.iter().position(|c| *c == id));
        let next = at.map_or(0, |at| at.saturating_add_signed(by));
        if let Some(call) = all.get(next.min(all.len().saturating_sub(1))) {
            self.show(Some(*call));
        }
    }

    /// A page, up or down; what there is no more of is not scrolled to.
    fn scroll(&mut self, up: bool) {
        let page = usize::from(self.pane_height()).max(2) - 1;
        let most = super::frame::lines(self)
            .len()
            .saturating_sub(usize::from(self.pane_height()));
        let away = up != (self.pane == Pane::People);
        self.scrolled = match away {
            true => (self.scrolled + page).min(most),
            false => self.scrolled.saturating_sub(page),
        };
    }

    pub(super) fn width(&self) -> usize {
        usize::from(self.size.0)
    }

    /// Lines of the list of calls.
    pub(super) fn list_height(&self) -> u16 {
        let calls = u16::try_from(self.calls().len()).unwrap_or(u16::MAX);
        calls.clamp(FEWEST, (self.size.1 * 2 / 5).max(FEWEST))
    }

    /// Lines of the pane.
    pub(super) fn pane_height(&self) -> u16 {
        self.size.1.saturating_sub(self.list_height() + AROUND)
    }
}
