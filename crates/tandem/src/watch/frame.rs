//! The frame of a state.
//!
//! ```text
//!   tandem watch  NODE  http://ADDRESS  2 calls of 200  12:00:09Z
//!   started   from        to          via        seconds  state
//!   11:59:41  +441632...  +442079...  carrier         28  waits for billing
//!   [call] ladder  people
//!      7.00 agent:triage    Good morning ...
//!   keys
//! ```

use super::state::{Link, Pane, State};
use crate::{calls, phones, queues};
use ratatui::{
    Frame,
    layout::{Constraint, Layout},
    style::{Color, Modifier, Style},
    text::{Line, Span},
    widgets::Paragraph,
};
use tandem_store::{CallDetail, CallRow, TransferRow};
use tandem_types::Wall;

const KEYS: &str = " ↑↓ call  n newest  r running ones  Tab pane  PgUp PgDn End scroll  q leave";
/// Where the words of a line of the transcript begin.
const WORDS: usize = 26;
/// Nothing is wrapped to less.
const NARROW: usize = 20;

/// Everything, as it is at that time.
pub(super) fn draw(frame: &mut Frame<'_>, state: &State, now: Wall) {
    let rows = Layout::vertical([
        Constraint::Length(1),
        Constraint::Length(1),
        Constraint::Length(state.list_height()),
        Constraint::Length(1),
        Constraint::Min(0),
        Constraint::Length(1),
    ]);
    let [head, titles, list, panes, pane, foot] = rows.areas(frame.area());
    frame.render_widget(head_of(state, now), head);
    let grey = Style::new().add_modifier(Modifier::DIM);
    frame.render_widget(Line::styled(row_of(TITLES), grey), titles);
    frame.render_widget(Paragraph::new(list_of(state, now)), list);
    frame.render_widget(panes_of(state), panes);
    let all = lines(state);
    let height = usize::from(pane.height);
    let most = all.len().saturating_sub(height);
    let scrolled = state.scrolled.min(most);
    let top = match state.pane {
        Pane::People => scrolled,
        Pane::Call | Pane::Ladder => most - scrolled,
    };
    let seen: Vec<Line<'_>> = all.into_iter().skip(top).take(height).collect();
    frame.render_widget(Paragraph::new(seen), pane);
    frame.render_widget(Line::styled(KEYS, grey), foot);
}

fn head_of(state: &State, now: Wall) -> Line<'static> {
    let begins = format!(" tandem watch  {}  http://{}", state.node, state.at);
    let reversed = Style::new().add_modifier(Modifier::REVERSED);
    let ready = &state.told.ready;
    match &state.link {
        Link::Asking => Line::styled(format!("{begins}  asking ..."), reversed),
        Link::Up => {
            let mut words = format!(
                "{begins}  {} of {}  {}",
                calls::count(ready.calls, "call"),
                ready.capacity,
                clock(now)
            );
            if ready.draining {
                words.push_str("  draining");
            }
            if ready.store != "ok" {
                words.push_str(&format!("  store: {}", ready.store));
            }
            Line::styled(words, reversed)
        }
        Link::Away { why, since } => Line::styled(
            format!(" {}: {why}; asked again each second", clock(*since)),
            Style::new().fg(Color::White).bg(Color::Red),
        ),
    }
}

const TITLES: [&str; 6] = ["started", "from", "to", "via", "seconds", "state"];

fn row_of([started, from, to, via, seconds, state]: [&str; 6]) -> String {
    format!(" {started:<10}{from:<17}{to:<17}{via:<12}{seconds:>8}  {state}")
}

fn list_of(state: &State, now: Wall) -> Vec<Line<'static>> {
    let calls = state.calls();
    if calls.is_empty() {
        let none = match (&state.link, state.running) {
            (Link::Asking, _) => "",
            (_, true) => " no call is running",
            (_, false) => " no calls yet",
        };
        return vec![Line::raw(none)];
    }
    let chosen = state.call();
    let height = usize::from(state.list_height());
    let at = calls.iter().position(|c| Some(c.uniqueid) == chosen);
    // The chosen one is always among those that are seen.
    let first = at.unwrap_or(0).saturating_sub(height - 1);
    let seen = calls.iter().skip(first).take(height);
    seen.map(|c| {
        let mut style = match c.ended {
            None => Style::new().fg(Color::Green),
            Some(_) => Style::new(),
        };
        if Some(c.uniqueid) == chosen {
            style = style.add_modifier(Modifier::REVERSED);
        }
        Line::styled(call_line(c, now), style)
    })
    .collect()
}

fn call_line(c: &CallRow, now: Wall) -> String {
    let from = match c.from.as_str() {
        "" => "withheld",
        from => from,
    };
    let since = c.answered.unwrap_or(c.started);
    let lasted = (now.millis() - since.millis()).max(0) / 1000;
    let seconds = match c.ended {
        Some(_) => c.billsec.unwrap_or(0).to_string(),
        None => lasted.to_string(),
    };
    let cut = |text: &str, to: usize| -> String {
        match text.chars().count() > to {
            true => text.chars().take(to - 1).chain(['…']).collect(),
            false => text.to_owned(),
        }
    };
    row_of([
        &clock(c.started),
        &cut(from, 16),
        &cut(&c.to, 16),
        &cut(&c.via, 11),
        &seconds,
        &state_of(c),
    ])
}

fn state_of(c: &CallRow) -> String {
    if c.ended.is_some() {
        let disposition = c.disposition.as_deref().unwrap_or_default().to_lowercase();
        let by = c.ended_by.as_deref().unwrap_or_default();
        return format!("{disposition}, ended by {by}");
    }
    match (&c.queue, &c.queue_end, &c.agent, c.answered) {
        (Some(queue), None, ..) => format!("waits for {queue}"),
        (_, _, Some(agent), _) => format!("came to agent:{agent}"),
        (_, _, None, None) => "rings".to_owned(),
        (_, _, None, Some(_)) => "running".to_owned(),
    }
}

fn panes_of(state: &State) -> Line<'static> {
    let names = [
        (Pane::Call, "1 call"),
        (Pane::Ladder, "2 ladder"),
        (Pane::People, "3 people and queues"),
    ];
    let mut spans = vec![Span::raw(" ")];
    for (pane, name) in names {
        let style = match pane == state.pane {
            true => Style::new().add_modifier(Modifier::BOLD | Modifier::UNDERLINED),
            false => Style::new().add_modifier(Modifier::DIM),
        };
        spans.extend([Span::styled(name, style), Span::raw("   ")]);
    }
    if let (Some(call), true) = (state.call(), state.pane != Pane::People) {
        let which = if state.follows() { "the newest: " } else { "" };
        spans.push(Span::raw(format!("{which}{call}")));
    }
    Line::from(spans)
}

/// All lines of the pane.
pub(super) fn lines(state: &State) -> Vec<Line<'static>> {
    match state.pane {
        Pane::Call => {
            let shown = state.told.call.as_ref();
            let shown = shown.filter(|d| Some(d.call.uniqueid) == state.call());
            shown.map_or_else(Vec::new, |d| story(d, state.width()))
        }
        Pane::Ladder => match state.told.ladder.as_deref() {
            None => Vec::new(),
            Some("") => vec![Line::raw(
                " no messages of this call are kept: the last 500 calls since the start are",
            )],
            Some(ladder) => plain(ladder),
        },
        Pane::People => {
            let mut text = String::new();
            for row in &state.told.queues {
                text += &queues::text(row);
            }
            if !state.told.queues.is_empty() {
                text.push('\n');
            }
            for row in &state.told.phones {
                text += &phones::text(row);
            }
            plain(&text)
        }
    }
}

fn plain(text: &str) -> Vec<Line<'static>> {
    text.lines().map(|l| Line::raw(format!(" {l}"))).collect()
}

/// What was said and done in a call, in its order.
fn story(d: &CallDetail, width: usize) -> Vec<Line<'static>> {
    let mut all: Vec<(Wall, String, String, Style)> = Vec::new();
    let quiet = Style::new().add_modifier(Modifier::DIM);
    for t in &d.turns {
        let cut = if t.interrupted { " [cut off]" } else { "" };
        let meant = t
            .intent
            .as_ref()
            .map_or_else(String::new, |i| format!(" ({i})"));
        let style = match t.speaker.starts_with("caller") {
            true => Style::new().fg(Color::Cyan),
            false => Style::new(),
        };
        all.push((
            t.at,
            t.speaker.clone(),
            format!("{}{cut}{meant}", t.text),
            style,
        ));
    }
    for h in &d.handoffs {
        let what = format!("handed to {} ({})", h.to, h.reason.replace('_', " "));
        all.push((h.offered, h.from.clone(), what, quiet));
    }
    for t in &d.transfers {
        all.extend(
            steps(t)
                .into_iter()
                .map(|(at, what)| (at, t.to.clone(), what, quiet)),
        );
    }
    for t in &d.tools {
        let outcome = t.outcome.as_deref().unwrap_or("under way");
        all.push((t.at, t.tool.clone(), outcome.replace('_', " "), quiet));
    }
    if let Some(at) = d.call.ended {
        let by = d.call.ended_by.as_deref().unwrap_or_default();
        let reason = d
            .call
            .reason
            .as_deref()
            .unwrap_or_default()
            .replace('_', " ");
        all.push((at, "ended".to_owned(), format!("by {by}: {reason}"), quiet));
    }
    // What happened at the same time stays in the order of above.
    all.sort_by_key(|(at, ..)| *at);
    all.iter()
        .flat_map(|(at, who, what, style)| {
            let begins = format!("{} {who:<16}", calls::since(d.call.started, *at));
            wrapped(&begins, what, width)
                .into_iter()
                .map(|line| Line::styled(line, *style))
        })
        .collect()
}

fn steps(t: &TransferRow) -> Vec<(Wall, String)> {
    let brief = t.brief.as_deref().unwrap_or_default();
    let by = t.accepted_by.as_deref().unwrap_or_default();
    let failed = t
        .failed_reason
        .as_deref()
        .unwrap_or_default()
        .replace('_', " ");
    let all = [
        (Some(t.started), format!("{} transfer", t.kind)),
        (t.rang, "rings".to_owned()),
        (t.answered, "answers".to_owned()),
        (t.briefed, format!("is told: {brief}")),
        (t.accepted, format!("takes the caller ({by})")),
        (t.bridged, "they speak with each other".to_owned()),
        (
            t.ended.filter(|_| !failed.is_empty()),
            format!("not taken: {failed}"),
        ),
    ];
    let happened = all.into_iter().filter_map(|(at, what)| Some((at?, what)));
    happened.collect()
}

/// The first line begins so, others below its words.
fn wrapped(begins: &str, what: &str, width: usize) -> Vec<String> {
    let indent = WORDS.max(begins.chars().count() + 1);
    let room = width.saturating_sub(indent).max(NARROW);
    let mut lines = vec![format!("{begins:<indent$}")];
    let mut used = 0;
    for word in what.split_whitespace() {
        let wide = Span::raw(word).width();
        if used > 0 && used + 1 + wide > room {
            lines.push(" ".repeat(indent));
            used = 0;
        }
        if let Some(line) = lines.last_mut() {
            if used > 0 {
                line.push(' ');
            }
            line.push_str(word);
        }
        used += wide + usize::from(used > 0);
    }
    lines
}

/// `12:00:09`, in UTC as everywhere.
fn clock(at: Wall) -> String {
    at.to_string().get(11..19).unwrap_or_default().to_owned()
}
