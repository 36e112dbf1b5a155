//! Patterns against a second, slower way of matching.

use proptest::prelude::*;
use tandem_dialplan::Pattern;

/// One place of a pattern: its text, and the characters that it takes.
fn place() -> impl Strategy<Value = (String, Vec<char>)> {
    let digits = |from: char| (from..='9').collect::<Vec<_>>();
    prop_oneof![
        Just(("X".to_owned(), digits('0'))),
        Just(("Z".to_owned(), digits('1'))),
        Just(("N".to_owned(), digits('2'))),
        prop::sample::select(vec!['0', '1', '5', '9', '+', '*', '#'])
            .prop_map(|c| (c.to_string(), vec![c])),
        (0u8..10, 0u8..10).prop_map(|(a, b)| {
            let (a, b) = (char::from(b'0' + a.min(b)), char::from(b'0' + a.max(b)));
            (format!("[{a}-{b}*]"), (a..=b).chain(['*']).collect())
        }),
    ]
}

/// A pattern, its places, and its tail (least number of further characters).
fn pattern() -> impl Strategy<Value = (Pattern, Vec<Vec<char>>, Option<usize>)> {
    let tail = prop_oneof![Just(None), Just(Some(1)), Just(Some(0))];
    (prop::collection::vec(place(), 1..6), tail).prop_map(|(places, tail)| {
        let text: String = places.iter().map(|(t, _)| t.as_str()).collect();
        let end = match tail {
            None => "",
            Some(1) => ".",
            Some(_) => "!",
        };
        let pattern = Pattern::parse(&format!("_{text}{end}")).expect("a pattern");
        (
            pattern,
            places.into_iter().map(|(_, set)| set).collect(),
            tail,
        )
    })
}

/// A pattern of one to three places and no tail: few enough numbers to try them all.
fn short() -> impl Strategy<Value = Pattern> {
    prop::collection::vec(place(), 1..4).prop_map(|places| {
        let text: String = places.iter().map(|(t, _)| t.as_str()).collect();
        Pattern::parse(&format!("_{text}")).expect("a pattern")
    })
}

/// The definition, read literally.
fn by_definition(places: &[Vec<char>], tail: Option<usize>, number: &str) -> bool {
    let chars: Vec<char> = number.chars().collect();
    let more = chars.len().checked_sub(places.len());
    let long_enough = match (more, tail) {
        (Some(more), Some(least)) => more >= least,
        (more, None) => more == Some(0),
        (None, _) => false,
    };
    long_enough && places.iter().zip(&chars).all(|(set, c)| set.contains(c))
}

proptest! {
    #[test]
    fn a_match_is_what_the_definition_says((pattern, places, tail) in pattern(), number in "[0-9*#+]{0,8}") {
        prop_assert_eq!(pattern.matches(&number), by_definition(&places, tail, &number));
    }

    #[test]
    fn its_example_matches((pattern, _, _) in pattern()) {
        prop_assert!(pattern.matches(&pattern.example()), "{} {}", pattern, pattern.example());
    }

    #[test]
    fn a_strict_match_is_a_loose_one((pattern, _, _) in pattern(), number in "\\+?[0-9*#]{0,8}") {
        prop_assert!(!pattern.matches(&number) || pattern.matches_loosely(&number));
    }

    #[test]
    fn loosely_the_plus_is_of_no_matter(digits in "[0-9]{1,8}", plus in any::<bool>()) {
        let pattern = Pattern::parse(&format!("{}{digits}", if plus { "+" } else { "" })).expect("a number");
        prop_assert!(pattern.matches_loosely(&digits));
        let with_plus = format!("+{digits}");
        prop_assert!(pattern.matches_loosely(&with_plus));
    }

    #[test]
    fn what_both_match_is_an_overlap((a, _, _) in pattern(), (b, _, _) in pattern(), number in "[0-9*]{1,7}") {
        prop_assert_eq!(a.overlaps(&b), b.overlaps(&a));
        prop_assert!(a.overlaps(&a));
        if a.matches(&number) && b.matches(&number) {
            prop_assert!(a.overlaps(&b));
        }
    }

    #[test]
    fn where_no_number_matches_both_nothing_overlaps(a in short(), b in short()) {
        let all = "0123456789+*#";
        let mut common = false;
        for x in all.chars() {
            for y in all.chars() {
                for z in all.chars() {
                    for text in [format!("{x}"), format!("{x}{y}"), format!("{x}{y}{z}")] {
                        common |= a.matches(&text) && b.matches(&text);
                    }
                }
            }
        }
        prop_assert_eq!(a.overlaps(&b), common);
    }

    #[test]
    fn no_text_makes_it_panic(text in ".{0,12}", number in ".{0,12}") {
        match Pattern::parse(&text) {
            Err(e) => prop_assert!(text.is_char_boundary(e.at.min(text.len()))),
            Ok(pattern) => {
                let _ = (pattern.matches(&number), pattern.matches_loosely(&number), pattern.matches_uri(&number), pattern.example());
                prop_assert!(pattern.overlaps(&pattern) || text.starts_with("sip:"));
            }
        }
    }

    #[test]
    // (most of these are no TOML; the test below starts from files that are)
    fn no_file_makes_loading_panic(text in "(\\[{0,2}[a-z.\"]{0,8}\\]{0,2}( = )?[\"0-9a-z:_{}.,\\[\\]-]{0,12}\n?){0,8}") {
        for path in ["tandem.toml", "phones.toml", "trunks/a.toml", "dialplans/a.toml"] {
            let _ = crate::base::found(&[crate::base::Change::Drop(path), crate::base::Change::Write(path, text.clone())]);
        }
    }
}

#[test]
fn letters_stand_for_themselves_or_are_refused() {
    let p = |t: &str| Pattern::parse(t);
    assert!(p("_e.").expect("small letters").matches("e12"));
    assert!(p("_xZn").expect("Asterisk's in either case").matches("012"));
    assert!(
        p("_0207-XXX")
            .expect("a dash is for the eye")
            .matches("0207123")
    );
    for bad in [
        "", "_", "_Y", "_2.X", "_!1", "_[", "_[]", "_[5-1]", "_[a]", "_[1-]", "12 3", "_1 2",
        "sip:x", "sip:@a", "sip:_Y@a", "a@b",
    ] {
        assert!(p(bad).is_err(), "{bad}");
    }
}

proptest! {
    #[test]
    fn whatever_is_done_to_a_file_its_findings_stand_in_it(
        file in 0usize..4,
        line in any::<prop::sample::Index>(),
        instead in prop::sample::select(vec![
            "", "[", "]]", "x = 1", "x", "start = {}", "members = [[]]", "ring = -1", "[queues]", "[[agents]]", "= \"ü\"",
            "password = \"ü\"", "keys = { ü = \"x\" }", "[routes]\n\"_[\" = \"echo\"", "numbers = [1, true, \"_ü\", \"{\"]",
            "greeting = \"{ü\"", "ports = \"-\"", "dial = \"\\u00fc\"", "to = \"sip:@\"", "via = 1979-05-27", "min_confidence = nan",
        ]),
        cut in any::<prop::sample::Index>(),
    ) {
        let base = crate::base::base();
        let path = ["tandem.toml", "trunks/carrier.toml", "phones.toml", "dialplans/head.toml"][file];
        let text = &base.iter().find(|f| f.path == path).expect("the file").text;
        let mut lines: Vec<&str> = text.lines().collect();
        *line.get_mut(&mut lines) = instead;
        let whole = lines.join("\n");
        let mut cut = cut.index(whole.len() * 2).min(whole.len());
        while !whole.is_char_boundary(cut) {
            cut -= 1;
        }
        for text in [whole.clone(), whole[..cut].to_owned()] {
            let len = text.len();
            let found = crate::base::found(&[crate::base::Change::Drop(path), crate::base::Change::Write(path, text)]);
            for d in found.iter().filter(|d| d.file == path) {
                prop_assert!(d.span.start <= d.span.end && d.span.end <= len);
                prop_assert_eq!(d.source.len(), len);
            }
            prop_assert!(!tandem_dialplan::render(&found).contains("s3cr3t"));
        }
    }
}
