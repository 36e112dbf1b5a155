//! Variables that are constants, and conditions of them.

use super::walk::{Walker, Way};

impl Walker<'_> {
    /// With the variables that are known; others stay as they are.
    pub(super) fn filled(&self, text: &str, way: &Way) -> String {
        let Some((before, after)) = text.split_once("${") else {
            return text.to_owned();
        };
        let mut depth = 1;
        let end = after.char_indices().find(|(_, c)| {
            match *c {
                '{' => depth += 1,
                '}' => depth -= 1,
                _ => {}
            }
            depth == 0
        });
        let Some((end, _)) = end else {
            return text.to_owned();
        };
        let (name, rest) = (&after[..end], &after[end + 1..]);
        let rest = self.filled(rest, way);
        match self.variable(&self.filled(name, way), way) {
            Some(value) => format!("{before}{value}{rest}"),
            None => format!("{before}${{{name}}}{rest}"),
        }
    }

    fn variable(&self, name: &str, way: &Way) -> Option<String> {
        let name = name
            .strip_prefix("GLOBAL(")
            .map_or(name, |n| n.trim_end_matches(')'));
        let (name, skip) = match name.split_once(':') {
            Some((name, skip)) => (name, skip.parse::<usize>().ok()?),
            None => (name, 0),
        };
        let value = match name {
            "EXTEN" => way.number.clone(),
            "CONTEXT" => way.at.0.clone(),
            name => {
                let name = name.to_ascii_lowercase();
                let known = way
                    .vars
                    .get(&name)
                    .or_else(|| self.plan.globals.get(&name))?;
                // Of itself nothing is made.
                if known.contains("${") && known.to_ascii_lowercase().contains(&name) {
                    return None;
                }
                self.filled(known, way)
            }
        };
        match skip {
            0 => Some(value),
            _ if value.contains('{') => None,
            skip => Some(value.chars().skip(skip).collect()),
        }
    }
}

/// A number that a pattern takes.
pub(super) fn sample(pattern: &str) -> String {
    let Some(pattern) = pattern.strip_prefix('_') else {
        return pattern.to_owned();
    };
    let (mut out, mut chars) = (String::new(), pattern.chars());
    while let Some(c) = chars.next() {
        match c {
            'X' | 'Z' | 'N' | 'x' | 'z' | 'n' => out.push('2'),
            '.' => out.push_str("22"),
            '!' => {}
            '[' => {
                let set: String = chars.by_ref().take_while(|c| *c != ']').collect();
                out.extend(set.chars().next());
            }
            c => out.push(c),
        }
    }
    out
}

/// Whether a condition of constants holds; `None`: it is of something else.
pub(super) fn holds(condition: &str) -> Option<bool> {
    let text = condition.trim();
    if text.contains("${") || text.contains("{to}") {
        return None;
    }
    let Some(inner) = text.strip_prefix("$[").and_then(|t| t.strip_suffix(']')) else {
        return Some(!matches!(text, "" | "0"));
    };
    let plain = |side: &str| side.trim().trim_matches('"').to_owned();
    for by in ["!=", ">=", "<=", "==", "=", ">", "<"] {
        let Some((a, b)) = inner.split_once(by) else {
            continue;
        };
        let (a, b) = (plain(a), plain(b));
        let order = match (a.parse::<i64>(), b.parse::<i64>()) {
            (Ok(a), Ok(b)) => a.cmp(&b),
            _ => a.cmp(&b),
        };
        return Some(match by {
            "!=" => order.is_ne(),
            ">=" => order.is_ge(),
            "<=" => order.is_le(),
            ">" => order.is_gt(),
            "<" => order.is_lt(),
            _ => order.is_eq(),
        });
    }
    Some(!matches!(plain(inner).as_str(), "" | "0"))
}
