//! `tandem dialplan graph`: what leads where, as a tree in the terminal or as a drawing (SVG).

use crate::Config;
use anyhow::{Context, bail};
use std::{
    collections::{BTreeMap, BTreeSet, VecDeque},
    fmt::Write as _,
    fs,
    path::PathBuf,
    process::ExitCode,
};
use tandem_dialplan::{Destination, Dialplan, Plan};
use tandem_server::config::read;

/// Of the drawing, in pixels.
const BOX: (usize, usize) = (190, 34);
const GAP: (usize, usize) = (130, 18);
const MARGIN: usize = 24;
const LETTERS: usize = 24;

/// Which dialplan, and how it is drawn.
#[derive(clap::Args, Debug)]
pub(crate) struct Drawing {
    /// The dialplan by its name; needed where there are several.
    name: Option<String>,
    /// Write an SVG drawing to this file instead.
    #[arg(long, value_name = "FILE")]
    svg: Option<PathBuf>,
}

/// One arrow.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Edge {
    to: String,
    why: String,
}

/// All arrows of a dialplan, by where they begin; the numbers begin at `""`.
type Edges = BTreeMap<String, Vec<Edge>>;

pub(crate) fn graph(config: &Config, ask: &Drawing, json: bool) -> anyhow::Result<ExitCode> {
    let (plan, _) = read(&config.config)?;
    let dialplan = chosen(&plan, ask.name.as_deref())?;
    let edges = edges(dialplan);
    if let Some(path) = &ask.svg {
        fs::write(path, svg(&dialplan.name, &edges)).with_context(|| path.display().to_string())?;
        return Ok(ExitCode::SUCCESS);
    }
    if json {
        let all: Vec<_> = edges
            .iter()
            .flat_map(|(from, to)| {
                to.iter()
                    .map(move |e| serde_json::json!({ "from": from, "to": e.to, "why": e.why }))
            })
            .collect();
        println!("{}", serde_json::to_string_pretty(&all)?);
        return Ok(ExitCode::SUCCESS);
    }
    println!("{}", dialplan.name);
    let mut out = String::new();
    tree(&edges, "", "", &mut BTreeSet::new(), &mut out);
    print!("{out}");
    Ok(ExitCode::SUCCESS)
}

pub(crate) fn chosen<'p>(plan: &'p Plan, name: Option<&str>) -> anyhow::Result<&'p Dialplan> {
    let known: Vec<&str> = plan.dialplans.keys().map(String::as_str).collect();
    match (name, &known[..]) {
        (Some(name), _) => plan.dialplans.get(name).with_context(|| {
            format!(
                "there is no dialplan {name:?}; known are {}",
                known.join(", ")
            )
        }),
        (None, [only]) => Ok(&plan.dialplans[*only]),
        (None, []) => bail!("there is no dialplan"),
        (None, _) => bail!("which dialplan? known are {}", known.join(", ")),
    }
}

fn edges(d: &Dialplan) -> Edges {
    let mut all = Edges::new();
    let mut add = |from: String, to: String, why: String| {
        let edges: &mut Vec<Edge> = all.entry(from).or_default();
        if let Some(same) = edges.iter_mut().find(|e| e.to == to) {
            if !same.why.split(", ").any(|w| w == why) {
                same.why = format!("{}, {why}", same.why);
            }
        } else {
            edges.push(Edge { to, why });
        }
    };
    let numbers: Vec<&str> = d.numbers.iter().map(|p| p.as_str()).collect();
    for rule in &d.when {
        add(
            String::new(),
            rule.start.to_string(),
            format!("when {}", rule.name),
        );
    }
    if let Some(start) = &d.start {
        add(String::new(), start.to_string(), numbers.join(" "));
    }
    for (pattern, to) in &d.routes {
        add(String::new(), to.to_string(), pattern.to_string());
    }
    for (name, menu) in &d.menus {
        let from = format!("menu:{name}");
        for (key, to) in &menu.keys {
            add(from.clone(), to.to_string(), format!("key {key}"));
        }
        add(from, menu.otherwise.to_string(), "otherwise".to_owned());
    }
    for (name, ask) in &d.asks {
        let from = format!("ask:{name}");
        for branch in &ask.branches {
            add(from.clone(), branch.to.to_string(), branch.on.to_string());
        }
        add(from.clone(), ask.then.to_string(), "then".to_owned());
        add(from, ask.otherwise.to_string(), "otherwise".to_owned());
    }
    for (name, a) in &d.announcements {
        add(
            format!("announce:{name}"),
            a.then.to_string(),
            "then".to_owned(),
        );
    }
    for (name, mailbox) in &d.voicemail {
        let (from, then) = (format!("voicemail:{name}"), mailbox.then.to_string());
        add(from.clone(), then, "then".to_owned());
        for extension in &mailbox.answers_for {
            add(
                format!("ext:{extension}"),
                from.clone(),
                "nobody".to_owned(),
            );
        }
    }
    for (name, c) in &d.callbacks {
        let from = format!("callback:{name}");
        add(
            from.clone(),
            format!("queue:{}", c.queue),
            "calls back".to_owned(),
        );
        add(from, c.otherwise.to_string(), "cannot".to_owned());
    }
    for (name, queue) in &d.queues {
        let from = format!("queue:{name}");
        for member in &queue.members {
            add(from.clone(), member.to_string(), "rings".to_owned());
        }
        for to in queue.ways_out() {
            add(from.clone(), to.to_string(), "nobody".to_owned());
        }
        let leaving = queue.line.as_ref().and_then(|l| l.leave_to.as_ref());
        if let Some(to) = leaving {
            add(from.clone(), to.to_string(), "leaves".to_owned());
        }
        if let Some(to) = queue.line.as_ref().and_then(|l| l.closed.as_ref()) {
            add(from, to.to_string(), "closed".to_owned());
        }
    }
    for (name, outside) in &d.outside {
        for trunk in &outside.via {
            let to = Destination::Trunk(trunk.clone(), Some(outside.dial.clone()));
            add(
                format!("outside:{name}"),
                to.to_string(),
                "dials".to_owned(),
            );
        }
    }
    let rules = &d.rules;
    for (name, agent) in &rules.agents {
        let from = format!("agent:{name}");
        for (intent, to) in &agent.routes {
            add(from.clone(), to.0.clone(), intent.clone());
        }
        for to in &agent.hands_off_to {
            add(from.clone(), to.0.clone(), "may".to_owned());
        }
    }
    // The same from every agent: drawn once.
    let any = "any agent";
    if !rules.agents.is_empty() {
        for (key, to) in &rules.keys {
            add(any.to_owned(), to.0.clone(), format!("key {key}"));
        }
        for (phrases, to) in &rules.phrases {
            add(
                any.to_owned(),
                to.0.clone(),
                format!("{:?}", phrases.join("\" \"")),
            );
        }
        let last = [
            (&rules.on_human, "a person is asked for"),
            (&rules.on_provider_down, "providers are down"),
            (&rules.operator, "operator"),
        ];
        for (to, why) in last {
            if let Some(to) = to {
                add(any.to_owned(), to.0.clone(), why.to_owned());
            }
        }
        add(String::new(), any.to_owned(), "at any time".to_owned());
    }
    all
}

/// What was drawn in full before stands there by its name alone.
fn tree(edges: &Edges, from: &str, indent: &str, drawn: &mut BTreeSet<String>, out: &mut String) {
    let all = edges.get(from).map_or(&[][..], Vec::as_slice);
    for (i, edge) in all.iter().enumerate() {
        let last = i + 1 == all.len();
        let (branch, below) = if last {
            ("└─ ", "   ")
        } else {
            ("├─ ", "│  ")
        };
        let news = drawn.insert(edge.to.clone());
        let again = if !news && edges.contains_key(&edge.to) {
            " (above)"
        } else {
            ""
        };
        // Writing to a String does not fail.
        let _ = writeln!(out, "{indent}{branch}{}: {}{again}", edge.why, edge.to);
        if news {
            tree(edges, &edge.to, &format!("{indent}{below}"), drawn, out);
        }
    }
}

/// In columns by the fewest steps from the numbers.
fn svg(title: &str, edges: &Edges) -> String {
    let mut column: BTreeMap<&str, usize> = BTreeMap::from([("", 0)]);
    let mut order: Vec<&str> = vec![""];
    let mut next = VecDeque::from([""]);
    while let Some(from) = next.pop_front() {
        for edge in edges.get(from).into_iter().flatten() {
            if !column.contains_key(edge.to.as_str()) {
                column.insert(&edge.to, column[from] + 1);
                order.push(&edge.to);
                next.push_back(&edge.to);
            }
        }
    }
    let mut rows: BTreeMap<usize, usize> = BTreeMap::new();
    let mut place: BTreeMap<&str, (usize, usize)> = BTreeMap::new();
    for name in &order {
        let row = rows.entry(column[name]).or_default();
        let x = MARGIN + column[name] * (BOX.0 + GAP.0);
        place.insert(name, (x, MARGIN + *row * (BOX.1 + GAP.1)));
        *row += 1;
    }
    let width = 2 * MARGIN + rows.len() * (BOX.0 + GAP.0) - GAP.0;
    let height = 2 * MARGIN + rows.values().max().unwrap_or(&1) * (BOX.1 + GAP.1) - GAP.1;
    let mut out = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width} {height}\" font-family=\"sans-serif\" font-size=\"12\">\n\
         <title>{}</title>\n<rect width=\"100%\" height=\"100%\" fill=\"white\"/>\n",
        escaped(title)
    );
    for from in &order {
        for edge in edges.get(*from).into_iter().flatten() {
            arrow(&mut out, place[from], place[edge.to.as_str()], &edge.why);
        }
    }
    for name in &order {
        let (x, y) = place[name];
        let shown = if name.is_empty() { title } else { name };
        let fill = match name.split(':').next() {
            Some("agent" | "any agent") => "#dbeafe",
            Some("queue" | "ext" | "outside" | "sip" | "trunk") => "#dcfce7",
            Some("menu" | "announce") => "#fef3c7",
            _ => "#f3f4f6",
        };
        let _ = writeln!(
            out,
            "<rect x=\"{x}\" y=\"{y}\" width=\"{}\" height=\"{}\" rx=\"6\" fill=\"{fill}\" stroke=\"#374151\"/>\
             <text x=\"{}\" y=\"{}\" text-anchor=\"middle\">{}</text>",
            BOX.0,
            BOX.1,
            x + BOX.0 / 2,
            y + BOX.1 / 2 + 4,
            escaped(&short(shown))
        );
    }
    out.push_str("</svg>\n");
    out
}

fn arrow(out: &mut String, from: (usize, usize), to: (usize, usize), why: &str) {
    let (x1, y1) = (from.0 + BOX.0, from.1 + BOX.1 / 2);
    let (x2, y2) = (to.0, to.1 + BOX.1 / 2);
    let bend = GAP.0 / 2;
    let _ = writeln!(
        out,
        "<path d=\"M{x1} {y1} C{} {y1} {} {y2} {x2} {y2}\" fill=\"none\" stroke=\"#9ca3af\"><title>{}</title></path>\
         <text x=\"{}\" y=\"{}\" font-size=\"9\" fill=\"#4b5563\" text-anchor=\"end\">{}</text>",
        x1 + bend,
        x2.saturating_sub(bend),
        escaped(why),
        x2.saturating_sub(6),
        y2.saturating_sub(4),
        escaped(&short(why))
    );
}

fn short(text: &str) -> String {
    match text.chars().count() > LETTERS {
        true => text.chars().take(LETTERS - 1).chain(['…']).collect(),
        false => text.to_owned(),
    }
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn small() -> Edges {
        let edge = |to: &str, why: &str| Edge {
            to: to.to_owned(),
            why: why.to_owned(),
        };
        Edges::from([
            (
                String::new(),
                vec![edge("menu:main", "2002"), edge("echo", "2000")],
            ),
            (
                "menu:main".to_owned(),
                vec![edge("queue:a", "key 1"), edge("menu:main", "key *")],
            ),
            (
                "queue:a".to_owned(),
                vec![edge("menu:main", "nobody"), edge("ext:200", "rings")],
            ),
        ])
    }

    #[test]
    fn a_ring_is_drawn_once() {
        let mut out = String::new();
        tree(&small(), "", "", &mut BTreeSet::new(), &mut out);
        assert_eq!(
            out,
            "├─ 2002: menu:main\n\
             │  ├─ key 1: queue:a\n\
             │  │  ├─ nobody: menu:main (above)\n\
             │  │  └─ rings: ext:200\n\
             │  └─ key *: menu:main (above)\n\
             └─ 2000: echo\n"
        );
    }

    #[test]
    fn the_drawing_has_every_box_once_and_escapes() {
        let mut edges = small();
        edges.insert(
            "ext:200".into(),
            vec![Edge {
                to: "<b>".into(),
                why: "a & b".into(),
            }],
        );
        let svg = svg("head", &edges);
        for name in ["menu:main", "queue:a", "ext:200", "echo", "&lt;b&gt;"] {
            assert_eq!(svg.matches(&format!(">{name}<")).count(), 1, "{name}");
        }
        assert!(svg.contains("a &amp; b") && !svg.contains("<b>"));
        assert_eq!(svg.matches("<path").count(), 7);
        assert!(svg.starts_with("<svg") && svg.ends_with("</svg>\n"));
    }
}
