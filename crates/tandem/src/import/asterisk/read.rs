//! Asterisk's files: sections of keys and values, and extensions with their steps (pbx_config).

use std::{collections::BTreeMap, rc::Rc};

/// Where something stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct At {
    pub(super) file: Rc<str>,
    pub(super) line: usize,
    /// The line as it is, without its comment.
    pub(super) text: Rc<str>,
}

/// A line that could not be carried over, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Left {
    pub(super) at: At,
    pub(super) why: String,
}

/// One `[section]` of any of the files.
pub(super) struct Section {
    pub(super) name: String,
    /// Templates that it is made from; `!`: it is one.
    pub(super) parents: Vec<String>,
    pub(super) lines: Vec<(String, String, At)>,
}

/// What one step does.
#[derive(Clone, Debug)]
pub(super) struct Step {
    priority: u32,
    pub(super) label: Option<String>,
    /// In lower case.
    pub(super) app: String,
    pub(super) args: Vec<String>,
    pub(super) at: At,
}

/// An extension: a number, a pattern of them after `_`, or a name such as `s`.
#[derive(Clone, Debug)]
pub(super) struct Exten {
    pub(super) name: String,
    pub(super) steps: Vec<Step>,
}

#[derive(Clone, Debug, Default)]
pub(super) struct Context {
    pub(super) extens: Vec<Exten>,
    pub(super) includes: Vec<String>,
}

/// An extensions.conf, or several as one.
#[derive(Clone, Debug, Default)]
pub(super) struct Dialplan {
    pub(super) contexts: BTreeMap<String, Context>,
    /// In the order of the files.
    pub(super) names: Vec<String>,
    pub(super) globals: BTreeMap<String, String>,
    pub(super) left: Vec<Left>,
}

/// The sections of a file; what stands before the first is in none and is left out.
pub(super) fn sections(file: &str, text: &str) -> Vec<Section> {
    let file: Rc<str> = file.into();
    let mut all: Vec<Section> = Vec::new();
    let mut in_comment = false;
    for (n, raw) in text.lines().enumerate() {
        let line = without_comment(raw, &mut in_comment);
        let line = line.trim();
        if let Some(rest) = line.strip_prefix('[') {
            let (name, parents) = rest.split_once(']').unwrap_or((rest, ""));
            let parents = parents.trim().trim_matches(['(', ')']);
            all.push(Section {
                name: name.trim().to_owned(),
                parents: split(parents, ','),
                lines: Vec::new(),
            });
            continue;
        }
        let at = At {
            file: file.clone(),
            line: n + 1,
            text: line.into(),
        };
        let (key, value) = match line.split_once("=>").or_else(|| line.split_once('=')) {
            Some((key, value)) => (key.trim(), value.trim()),
            None if line.is_empty() => continue,
            None => (line, ""),
        };
        if let Some(section) = all.last_mut() {
            let key = key.to_ascii_lowercase();
            section.lines.push((key, value.to_owned(), at));
        }
    }
    all
}

/// `;` ends a line unless `\` stands before it; `;--` to `--;` may span lines.
fn without_comment(line: &str, inside: &mut bool) -> String {
    let mut out = String::new();
    let mut rest = line;
    loop {
        if *inside {
            let Some((_, after)) = rest.split_once("--;") else {
                return out;
            };
            *inside = false;
            rest = after;
        }
        let Some(at) = rest.find(';') else {
            out.push_str(rest);
            return out;
        };
        let (before, after) = rest.split_at(at);
        if let Some(kept) = before.strip_suffix('\\') {
            out.push_str(kept);
            out.push(';');
            rest = &after[1..];
        } else if after.starts_with(";--") && !after.starts_with(";---") {
            out.push_str(before);
            *inside = true;
            rest = &after[3..];
        } else {
            out.push_str(before);
            return out;
        }
    }
}

impl Dialplan {
    /// Adds a file.
    pub(super) fn read(&mut self, file: &str, text: &str) {
        for section in sections(file, text) {
            match section.name.as_str() {
                "general" => {}
                "globals" => {
                    let set = section.lines.into_iter();
                    // Keys of globals keep their case in Asterisk; they are compared in lower case here, as they are read.
                    self.globals.extend(set.map(|(key, value, _)| (key, value)));
                }
                _ => self.context(section),
            }
        }
    }

    fn context(&mut self, section: Section) {
        let Section { name, lines, .. } = section;
        if !self.contexts.contains_key(&name) {
            self.names.push(name.clone());
        }
        let context = self.contexts.entry(name).or_default();
        let mut last = String::new();
        for (key, value, at) in lines {
            let why = match key.as_str() {
                "exten" => context.exten(&value, &mut last, at.clone()).err(),
                "same" => {
                    let value = format!("{last},{value}");
                    match last.is_empty() {
                        true => Some("`same` without an extension before it".to_owned()),
                        false => context.exten(&value, &mut last, at.clone()).err(),
                    }
                }
                "include" => {
                    let (name, times) = value.split_once(',').unwrap_or((value.as_str(), ""));
                    context.includes.push(name.trim().to_owned());
                    (!times.is_empty())
                        .then(|| "an include at certain times: it is included always".to_owned())
                }
                "#include" | "#tryinclude" => Some("give the file that it names, too".to_owned()),
                key if key.starts_with("#include") || key.starts_with("#tryinclude") => {
                    Some("give the file that it names, too".to_owned())
                }
                _ => Some("not known to the importer".to_owned()),
            };
            self.left.extend(why.map(|why| Left { at, why }));
        }
    }

    /// The extensions of a context with those that it includes, its own first; the first of a name counts.
    pub(super) fn extens(&self, context: &str) -> Vec<&Exten> {
        let (mut found, mut seen): (Vec<&Exten>, Vec<&str>) = (Vec::new(), Vec::new());
        let mut open = vec![context];
        while let Some(name) = open.pop() {
            let Some(context) = self.contexts.get(name).filter(|_| !seen.contains(&name)) else {
                continue;
            };
            seen.push(name);
            for exten in &context.extens {
                if !found.iter().any(|e| e.name == exten.name) {
                    found.push(exten);
                }
            }
            open.extend(context.includes.iter().rev().map(String::as_str));
        }
        found
    }

    /// Every step of every context.
    pub(super) fn steps(&self) -> impl Iterator<Item = &Step> {
        let extens = self.contexts.values().flat_map(|c| &c.extens);
        extens.flat_map(|e| &e.steps)
    }

    /// The extension that takes a number there: by its name, or by the first pattern.
    pub(super) fn find(&self, context: &str, number: &str) -> Option<&Exten> {
        let all = self.extens(context);
        let exact = all.iter().find(|e| e.name == number);
        let by_pattern = || all.iter().find(|e| matches(&e.name, number));
        exact.or_else(by_pattern).copied()
    }
}

impl Context {
    fn exten(&mut self, value: &str, last: &mut String, at: At) -> Result<(), String> {
        let mut parts = value.splitn(3, ',').map(str::trim);
        let (Some(name), Some(priority), app) = (parts.next(), parts.next(), parts.next()) else {
            return Err("this is no extension".to_owned());
        };
        name.clone_into(last);
        if name.contains('/') {
            return Err("an extension by who calls".to_owned());
        }
        let (priority, label) = match priority.split_once('(') {
            Some((p, label)) => (p.trim(), Some(label.trim_end_matches(')').to_owned())),
            None => (priority, None),
        };
        if priority == "hint" {
            return Err("a hint: lamps on desk phones".to_owned());
        }
        let (app, args) = call(app.unwrap_or_default());
        let exten = match self.extens.iter().position(|e| e.name == name) {
            Some(known) => &mut self.extens[known],
            None => {
                let (name, steps) = (name.to_owned(), Vec::new());
                self.extens.push(Exten { name, steps });
                let new = self.extens.len() - 1;
                &mut self.extens[new]
            }
        };
        let next = exten.steps.last().map_or(1, |s| s.priority + 1);
        let priority = match priority.strip_prefix('n') {
            Some("") => next,
            Some(more) => {
                let more: u32 = more.trim_start_matches('+').parse().unwrap_or(0);
                next + more.saturating_sub(1)
            }
            None => priority
                .parse()
                .map_err(|_| format!("{priority:?} is no priority"))?,
        };
        exten.steps.push(Step {
            priority,
            label,
            app,
            args,
            at,
        });
        exten.steps.sort_by_key(|s| s.priority);
        Ok(())
    }
}

impl Exten {
    /// Which step a priority or a label means.
    pub(super) fn step(&self, priority: &str) -> Option<usize> {
        let labelled = |s: &Step| s.label.as_deref() == Some(priority);
        let numbered = |s: &Step| priority.parse() == Ok(s.priority);
        self.steps.iter().position(|s| labelled(s) || numbered(s))
    }
}

/// `Dial(PJSIP/201,20)`, or as it was written once `Dial,SIP/201|20`.
pub(super) fn call(text: &str) -> (String, Vec<String>) {
    let text = text.trim();
    let (app, inside) = match text.find(['(', ',']) {
        Some(at) if text[at..].starts_with('(') => {
            let inside = &text[at + 1..];
            (&text[..at], inside.strip_suffix(')').unwrap_or(inside))
        }
        Some(at) => (&text[..at], &text[at + 1..]),
        None => (text, ""),
    };
    // Before Asterisk 1.6 arguments were apart by `|`.
    let by = match split(inside, ',').len() {
        1 if inside.contains('|') => '|',
        _ => ',',
    };
    (app.trim().to_ascii_lowercase(), split(inside, by))
}

/// Apart at a character that stands in no brackets and no quotes.
pub(super) fn split(text: &str, by: char) -> Vec<String> {
    let (mut parts, mut depth, mut quoted) = (vec![String::new()], 0u32, false);
    for c in text.chars() {
        match c {
            '"' => quoted = !quoted,
            '(' | '[' | '{' => depth += 1,
            ')' | ']' | '}' => depth = depth.saturating_sub(1),
            _ => {}
        }
        if c == by && depth == 0 && !quoted {
            parts.push(String::new());
        } else if let Some(last) = parts.last_mut() {
            last.push(c);
        }
    }
    parts.into_iter().map(|p| p.trim().to_owned()).collect()
}

/// Asterisk's patterns: X 0-9, Z 1-9, N 2-9, [1-5] one of those, `.` one or more, `!` none or more.
pub(super) fn matches(pattern: &str, number: &str) -> bool {
    let Some(pattern) = pattern.strip_prefix('_') else {
        return pattern == number;
    };
    let (mut p, mut n) = (pattern.chars(), number.chars());
    loop {
        let Some(want) = p.next() else {
            return n.next().is_none();
        };
        if want == '!' {
            return true;
        }
        let Some(digit) = n.next() else { return false };
        let fits = match want {
            '.' => return true,
            'X' | 'x' => digit.is_ascii_digit(),
            'Z' | 'z' => ('1'..='9').contains(&digit),
            'N' | 'n' => ('2'..='9').contains(&digit),
            '[' => {
                let set: Vec<char> = p.by_ref().take_while(|c| *c != ']').collect();
                let mut fits = set.contains(&digit);
                for range in set.windows(3).filter(|w| w[1] == '-') {
                    fits |= (range[0]..=range[2]).contains(&digit);
                }
                fits
            }
            same => same == digit,
        };
        if !fits {
            return false;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steps_labels_and_comments() {
        let mut plan = Dialplan::default();
        plan.read(
            "extensions.conf",
            "[globals]\nRING=20 ; seconds\n[in](!)\nexten => _2XX,1,NoOp(a\\;b)\n same => n(ring),Dial(PJSIP/${EXTEN}&SIP/x(1,2),${RING})\n\
             ;-- away\n same => n,Hangup()\n--; same => n+2,Hangup()\nexten = s,1,Playback,one|two\ninclude => other\nswitch => IAX2/x\n",
        );
        let context = &plan.contexts["in"];
        let exten = &context.extens[0];
        assert_eq!(exten.steps[0].args, ["a;b"]);
        assert_eq!(
            exten.steps[1].args,
            ["PJSIP/${EXTEN}&SIP/x(1,2)", "${RING}"]
        );
        assert_eq!((exten.step("ring"), exten.step("4")), (Some(1), Some(2)));
        assert_eq!(context.extens[1].steps[0].args, ["one", "two"]);
        assert_eq!(context.includes, ["other"]);
        assert_eq!(plan.globals["ring"], "20");
        assert_eq!((plan.left.len(), plan.left[0].at.line), (1, 11));
    }

    #[test]
    fn patterns() {
        for (pattern, number, fits) in [
            ("_2XX", "201", true),
            ("_2XX", "2011", false),
            ("_NXX5550100", "2565550100", true),
            ("_NXX5550100", "1565550100", false),
            ("_[1-35]", "3", true),
            ("_[1-35]", "4", false),
            ("_X.", "12", true),
            ("_X.", "1", false),
            ("_1!", "1", true),
            ("s", "s", true),
        ] {
            assert_eq!(matches(pattern, number), fits, "{pattern} {number}");
        }
    }
}
