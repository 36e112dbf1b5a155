//! A stream of tokens as sentences to speak.

use crate::understand::words;

/// Letters after which a clause is spoken without waiting for the sentence's end.
const CLAUSE: usize = 60;

/// Letters after which a blank will do.
const TOO_LONG: usize = 300;

/// A shorter sentence waits for the next one, so that "Mr." and "No." do not stand alone.
const SHORTEST: usize = 12;

const ABBREVIATIONS: &[&str] = &[
    "mr.", "mrs.", "ms.", "dr.", "st.", "no.", "e.g.", "i.e.", "etc.", "approx.", "vs.",
];

/// Takes the next stretch that can be spoken off the front of `buffer`; with `last`, all that is left.
pub(super) fn next_sentence(buffer: &mut String, last: bool) -> Option<String> {
    let cut = cut_at(buffer).or_else(|| last.then_some(buffer.len()))?;
    let rest = buffer.split_off(cut);
    let sentence = std::mem::replace(buffer, rest);
    let sentence = sentence.trim().to_owned();
    let left = buffer.trim_start().len();
    buffer.drain(..buffer.len() - left);
    match sentence.is_empty() {
        true if buffer.is_empty() => None,
        true => next_sentence(buffer, last),
        false => Some(sentence),
    }
}

/// Where the first stretch ends, in bytes.
fn cut_at(buffer: &str) -> Option<usize> {
    let mut chars = buffer.char_indices().peekable();
    let mut letters = 0;
    while let Some((at, c)) = chars.next() {
        letters += 1;
        let end = at + c.len_utf8();
        if c == '\n' && !buffer[..at].trim().is_empty() {
            return Some(end);
        }
        let before_blank = chars.peek().is_some_and(|(_, n)| n.is_whitespace());
        let wide = matches!(c, '。' | '！' | '？' | '।');
        if wide && letters >= 4 {
            return Some(end);
        }
        if !before_blank {
            continue;
        }
        let ends = matches!(c, '.' | '!' | '?' | '…')
            && letters >= SHORTEST
            && !abbreviates(&buffer[..end]);
        let clause = matches!(c, ',' | ';' | ':') && letters >= CLAUSE;
        if ends || clause || letters >= TOO_LONG {
            return Some(end);
        }
    }
    None
}

fn abbreviates(text: &str) -> bool {
    let last = text
        .split_whitespace()
        .next_back()
        .unwrap_or_default()
        .to_lowercase();
    ABBREVIATIONS.contains(&last.as_str())
}

/// Without the marks that a voice would stumble over.
pub(super) fn speakable(sentence: &str) -> String {
    let plain: String = sentence
        .chars()
        .map(|c| match c {
            '*' | '#' | '`' | '_' | '|' | '~' | '<' | '>' => ' ',
            c if c.is_control() => ' ',
            c => c,
        })
        .collect();
    let one_line = plain.split_whitespace().collect::<Vec<_>>().join(" ");
    one_line.trim_start_matches(['-', '•', ' ']).to_owned()
}

/// Whether the text takes leave in words that a caller would know for it.
pub(super) fn says_goodbye(text: &str) -> bool {
    let said = format!(" {} ", words(text).join(" "));
    [
        " bye ",
        " goodbye ",
        " nice day ",
        " good day ",
        " take care ",
        " for calling ",
        " your day ",
    ]
    .iter()
    .any(|p| said.contains(p))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cut(text: &str) -> Vec<String> {
        let mut buffer = String::new();
        let mut out = Vec::new();
        for c in text.chars() {
            buffer.push(c);
            out.extend(std::iter::from_fn(|| next_sentence(&mut buffer, false)));
        }
        out.extend(std::iter::from_fn(|| next_sentence(&mut buffer, true)));
        out
    }

    #[test]
    fn sentences_come_as_soon_as_they_end() {
        assert_eq!(
            cut("I can help with that. What is your postcode?"),
            ["I can help with that.", "What is your postcode?"]
        );
        assert_eq!(
            cut("Sure. Mr. Smith lives at no. 5 there. Yes."),
            ["Sure. Mr. Smith lives at no. 5 there.", "Yes."]
        );
        assert_eq!(cut("It costs 42.50 pounds"), ["It costs 42.50 pounds"]);
        assert_eq!(cut("  \n\n "), Vec::<String>::new());
        let long = "The engineer will come to you on the twenty first of november, in the morning between nine and noon";
        assert_eq!(cut(long).len(), 2);
        assert!(cut(&"word ".repeat(200)).len() > 2);
        assert_eq!(
            cut("好的，我来帮您。请稍等。"),
            ["好的，我来帮您。", "请稍等。"]
        );
    }

    #[test]
    fn nothing_is_lost_in_cutting() {
        let text = "One two three four. Five!  Six? seven\neight, nine";
        let joined = cut(text).join(" ");
        assert_eq!(
            joined.split_whitespace().collect::<String>(),
            text.split_whitespace().collect::<String>()
        );
    }

    #[test]
    fn marks_are_not_spoken() {
        assert_eq!(speakable("**Sure** - `x`\u{7}"), "Sure - x");
        assert_eq!(speakable("- first"), "first");
    }
}
