//! `[features]` of phones.toml: what phones dial to set something.

use super::{Load, read::Section};
use crate::{Features, Phones};

impl<'a> Load<'a> {
    /// | key | default |
    /// |---|---|
    /// | `pause` | none |
    /// | `resume` | none |
    /// | `voicemail` | none |
    pub(super) fn features(&mut self, root: &Section<'a>, phones: &Phones) -> Features {
        let Some(s) = root.section("features") else {
            return Features::default();
        };
        s.later(&[
            ("wrong_team", "a key for the wrong team"),
            ("hours", "hours set by a phone; `tandem hours set` does it"),
            (
                "back_to_ai",
                "this key here; back_to_ai_key stands in [transfers.warm] of a dialplan",
            ),
        ]);
        let mut taken: Vec<String> = Vec::new();
        let mut code = |this: &mut Self, key: &'static str| {
            let text = s.opt(key)?.words()?;
            let (first, rest) = text.value.split_at(text.value.chars().next()?.len_utf8());
            let digits = |c: char| c.is_ascii_digit() || matches!(c, '*' | '#');
            if !matches!(first, "*" | "#")
                || !(1..=6).contains(&rest.len())
                || !rest.chars().all(digits)
            {
                text.spot
                    .error(format!("{:?} is no code", text.value))
                    .help("* or #, and one to six digits: \"*47\"");
                return None;
            }
            let help = phones.emergency.iter().any(|site| {
                let test = site
                    .test
                    .as_ref()
                    .is_some_and(|(number, _)| *number == text.value);
                test || site.numbers.contains(&text.value)
            });
            let twice = taken.contains(&text.value);
            if help || twice || phones.extensions.find(&text.value).is_some() {
                text.spot
                    .error(format!(
                        "{} is dialled for something else already",
                        text.value
                    ))
                    .help("choose another code");
                return None;
            }
            this.place(format!("features.{key}"), text.spot);
            taken.push(text.value.clone());
            Some(text.value)
        };
        Features {
            pause: code(self, "pause"),
            resume: code(self, "resume"),
            voicemail: code(self, "voicemail"),
        }
    }
}
