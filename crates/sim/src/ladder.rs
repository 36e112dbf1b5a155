//! The ladder of a run as text: virtual seconds on the left, one column per actor, an arrow per SIP
//! message at the moment it was sent, and notes in the column of whom they are about. Golden files are made of it, so it
//! holds nothing that differs between two runs of the same seed, and nothing random (ids, tags).

use std::collections::BTreeSet;
use std::fmt::Write;
use tandem_types::Mono;

/// Characters between two columns.
const GAP: usize = 36;
/// Where the first column stands.
const FIRST: usize = 12;

#[derive(Clone, Debug, PartialEq, Eq)]
enum Line {
    Message {
        at: Mono,
        from: usize,
        to: usize,
        label: String,
        lost: bool,
    },
    Note {
        at: Mono,
        actor: usize,
        text: String,
    },
}

/// What happened, in order.
#[derive(Clone, Debug, Default)]
pub struct Ladder {
    actors: Vec<String>,
    /// Actors from left to right.
    order: Vec<usize>,
    lines: Vec<Line>,
    sent: BTreeSet<(usize, usize, Vec<u8>)>,
}

impl Ladder {
    /// A new column at the right. Its number names the actor from now on.
    pub fn actor(&mut self, name: &str) -> usize {
        self.order.push(self.actors.len());
        self.actors.push(name.to_owned());
        self.actors.len() - 1
    }

    /// A new column at the left of another.
    pub fn actor_before(&mut self, name: &str, other: usize) -> usize {
        let at = self
            .order
            .iter()
            .position(|a| *a == other)
            .unwrap_or(self.order.len());
        self.order.insert(at, self.actors.len());
        self.actors.push(name.to_owned());
        self.actors.len() - 1
    }

    /// A SIP message was sent; `bytes` tell a repetition from a new one.
    pub fn message(
        &mut self,
        at: Mono,
        (from, to): (usize, usize),
        label: &str,
        bytes: &[u8],
        lost: bool,
    ) {
        let again = !self.sent.insert((from, to, bytes.to_vec()));
        let label = if again {
            format!("{label} (again)")
        } else {
            label.to_owned()
        };
        self.lines.push(Line::Message {
            at,
            from,
            to,
            label,
            lost,
        });
    }

    /// Something else that an admin would want to see.
    pub fn note(&mut self, at: Mono, actor: usize, text: impl Into<String>) {
        self.lines.push(Line::Note {
            at,
            actor,
            text: text.into(),
        });
    }

    /// The whole ladder.
    pub fn to_text(&self) -> String {
        let mut out = String::new();
        let mut head = vec![' '; self.width()];
        for (i, name) in self.actors.iter().enumerate() {
            let start = self.place(i).saturating_sub(name.chars().count() / 2);
            write_at(&mut head, start, name);
        }
        push_line(&mut out, &head);
        for line in &self.lines {
            push_line(&mut out, &self.draw(line));
        }
        out
    }

    /// The same as a list, one line for each thing, for a run with too many actors to be drawn.
    pub fn to_list(&self) -> String {
        let name = |i: &usize| self.actors.get(*i).map_or("?", String::as_str);
        let mut out = String::new();
        for line in &self.lines {
            let _ = match line {
                Line::Message {
                    at,
                    from,
                    to,
                    label,
                    lost,
                } => {
                    let lost = if *lost { " (lost)" } else { "" };
                    let (from, to) = (name(from), name(to));
                    writeln!(out, "{} {from} -> {to}: {label}{lost}", seconds(*at))
                }
                Line::Note { at, actor, text } => {
                    writeln!(out, "{} {} * {text}", seconds(*at), name(actor))
                }
            };
        }
        out
    }

    fn draw(&self, line: &Line) -> Vec<char> {
        let mut row = vec![' '; self.width()];
        for i in 0..self.actors.len() {
            write_at(&mut row, self.place(i), "|");
        }
        match line {
            Line::Message {
                at,
                from,
                to,
                label,
                lost,
            } => {
                write_at(&mut row, 0, &seconds(*at));
                arrow(&mut row, self.place(*from), self.place(*to), label, *lost);
            }
            Line::Note { at, actor, text } => {
                write_at(&mut row, 0, &seconds(*at));
                write_at(&mut row, self.place(*actor), &format!("* {text} "));
            }
        }
        row
    }

    /// Where an actor's column stands.
    fn place(&self, actor: usize) -> usize {
        column(self.order.iter().position(|a| *a == actor).unwrap_or(0))
    }

    fn width(&self) -> usize {
        column(self.actors.len().max(1) - 1) + 2
    }
}

fn column(i: usize) -> usize {
    FIRST + i * GAP
}

/// Seconds and milliseconds, right-aligned.
fn seconds(at: Mono) -> String {
    let ms = at.0 / 1_000_000;
    format!("{:>5}.{:03}", ms / 1000, ms % 1000)
}

fn arrow(row: &mut Vec<char>, from: usize, to: usize, label: &str, lost: bool) {
    let (left, right) = (from.min(to), from.max(to));
    if left == right {
        write_at(row, left, &format!("* to itself: {label} "));
        return;
    }
    let space = right - left - 1;
    let label: String = label.chars().take(space.saturating_sub(6)).collect();
    let n = label.chars().count() + 2;
    let before = (space - n) / 2;
    let mut line: Vec<char> = std::iter::repeat_n('-', before).collect();
    line.extend(format!(" {label} ").chars());
    line.extend(std::iter::repeat_n('-', space - n - before));
    let (head, end) = match (to > from, lost) {
        (true, false) => ('>', line.len() - 1),
        (true, true) => ('x', line.len() - 1),
        (false, false) => ('<', 0),
        (false, true) => ('x', 0),
    };
    if let Some(c) = line.get_mut(end) {
        *c = head;
    }
    write_at(row, left + 1, &line.iter().collect::<String>());
}

fn write_at(row: &mut Vec<char>, at: usize, text: &str) {
    for (i, c) in text.chars().enumerate() {
        match row.get_mut(at + i) {
            Some(cell) => *cell = c,
            None => {
                row.resize(at + i, ' ');
                row.push(c);
            }
        }
    }
}

fn push_line(out: &mut String, row: &[char]) {
    let text: String = row.iter().collect();
    let _ = writeln!(out, "{}", text.trim_end());
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_ladder_reads_like_one() {
        let mut l = Ladder::default();
        let (gw, b) = (l.actor("tandem"), l.actor("ext 200"));
        let a = l.actor_before("caller", gw);
        l.message(Mono(0), (a, gw), "INVITE 100 (sdp)", b"1", false);
        l.message(Mono(5_000_000), (gw, a), "100 Trying to INVITE", b"2", true);
        l.note(Mono(40_000_000), gw, "says \"Hello\"");
        l.message(
            Mono(1_500_000_000),
            (a, gw),
            "INVITE 100 (sdp)",
            b"1",
            false,
        );
        l.message(Mono(2_000_000_000), (a, b), "BYE", b"3", false);
        let text = l.to_text();
        let lines: Vec<_> = text.lines().collect();
        assert_eq!(
            lines[1],
            "    0.000   |-------- INVITE 100 (sdp) -------->|                                   |"
        );
        assert_eq!(
            lines[2],
            "    0.005   |x----- 100 Trying to INVITE -------|                                   |"
        );
        assert_eq!(
            lines[3],
            "    0.040   |                                   * says \"Hello\"                      |"
        );
        assert!(
            lines[4].contains("INVITE 100 (sdp) (again)"),
            "{}",
            lines[4]
        );
        assert!(lines[5].contains(" BYE "), "{}", lines[5]);
    }
}
