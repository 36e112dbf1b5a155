//! The table of what is to be reached, and a chart.

use crate::media::Sample;

/// A row of the table.
pub(crate) struct Row {
    pub(crate) what: &'static str,
    pub(crate) peer: Option<f64>,
    pub(crate) ours: f64,
    pub(crate) unit: &'static str,
    pub(crate) goal: f64,
    /// The goal is a share of the peer's figure.
    pub(crate) of_peer: bool,
    /// More is better.
    pub(crate) more: bool,
}

impl Row {
    pub(crate) fn text(&self) -> String {
        let show = |v: f64| match v {
            v if v.abs() >= 100.0 => format!("{v:.0}"),
            v => format!("{v:.2}"),
        };
        let peer = self.peer.map_or("-".to_owned(), show);
        let ratio = self.peer.filter(|p| *p > 0.0).map(|p| self.ours / p);
        let judged = if self.of_peer { ratio } else { Some(self.ours) };
        let verdict = match judged {
            None => "no rtpengine",
            Some(v) if (v >= self.goal) == self.more || v == self.goal => "met",
            Some(_) => "MISSED",
        };
        let goal = format!(
            "{} {}{}",
            if self.more { "at least" } else { "at most" },
            self.goal,
            if self.of_peer { " of it" } else { "" }
        );
        format!(
            "| {:<44} | {:>9} | {:>8} | {:<13} | {:>5} | {:<16} | {:<12} |",
            self.what,
            peer,
            show(self.ours),
            self.unit,
            ratio.map_or("-".to_owned(), |r| format!("{r:.2}")),
            goal,
            verdict
        )
    }
}

/// Latency, p99, against the number of calls: a bar for each run, its length by the logarithm, from 0.1 ms on.
pub(crate) fn chart(carried: &[Vec<Sample>; 2]) -> Vec<String> {
    let mut lines = vec![
        "added latency, p99, by calls on one core (from 0.1 ms on; four more # are twice as late)"
            .to_owned(),
    ];
    for sample in carried.iter().flatten() {
        let p99 = sample.heard.way_ms(0.99);
        let length = ((p99 / 0.1).log2() * 4.0).clamp(1.0, 60.0) as usize;
        let lost = match sample.is_clean() {
            true => String::new(),
            false => format!("  {} lost", sample.heard.lost()),
        };
        lines.push(format!(
            "{:>10} {:>5} {} {p99:.2} ms{lost}",
            sample.device,
            sample.calls,
            "#".repeat(length)
        ));
    }
    lines
}
