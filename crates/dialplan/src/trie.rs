//! Many patterns asked at once: a tree of their places. One number goes down it once, however many patterns there are.

use crate::pattern::{Piece, bare, dialable, without_plus};

/// The tree. A pattern is known by the number that it was put in with.
#[derive(Clone, Debug, Default)]
pub(crate) struct Trie {
    /// The first is the root.
    nodes: Vec<Node>,
}

#[derive(Clone, Debug, Default)]
struct Node {
    /// What the next character is out of, and where that leads.
    edges: Vec<(u128, usize)>,
    /// Patterns that end here.
    ends: Vec<usize>,
    /// Patterns that take all that follows, of at least so many characters.
    rests: Vec<(usize, usize)>,
}

impl Trie {
    pub(crate) fn insert(&mut self, pieces: &[Piece], id: usize) {
        if self.nodes.is_empty() {
            self.nodes.push(Node::default());
        }
        let mut at = 0;
        for piece in pieces {
            match piece {
                Piece::One(set) => at = self.child(at, *set),
                Piece::Rest(least) => return self.nodes[at].rests.push((*least, id)),
            }
        }
        self.nodes[at].ends.push(id);
    }

    fn child(&mut self, at: usize, set: u128) -> usize {
        if let Some((_, next)) = self.nodes[at].edges.iter().find(|(s, _)| *s == set) {
            return *next;
        }
        let next = self.nodes.len();
        self.nodes.push(Node::default());
        self.nodes[at].edges.push((set, next));
        next
    }

    /// Every pattern that this number fits, in no order.
    pub(crate) fn matching(&self, number: &str, found: &mut impl FnMut(usize)) {
        if number.is_ascii() && !self.nodes.is_empty() {
            let open = number.len()
                - number
                    .bytes()
                    .rev()
                    .take_while(|b| dialable(char::from(*b)))
                    .count();
            self.walk(0, number.as_bytes(), 0, open, found);
        }
    }

    /// From `open` on, all that follows may be dialled.
    fn walk(
        &self,
        node: usize,
        number: &[u8],
        at: usize,
        open: usize,
        found: &mut impl FnMut(usize),
    ) {
        #[cfg(test)]
        tests::visited();
        let node = &self.nodes[node];
        if at >= open {
            let left = number.len() - at;
            node.rests
                .iter()
                .filter(|(least, _)| left >= *least)
                .for_each(|(_, id)| found(*id));
        }
        let Some(c) = number.get(at) else {
            return node.ends.iter().for_each(|id| found(*id));
        };
        for (set, next) in &node.edges {
            if set >> c & 1 == 1 {
                self.walk(*next, number, at + 1, open, found);
            }
        }
    }

    /// Every pattern that some number fits which fits `pieces` too, in no order.
    pub(crate) fn meeting(&self, pieces: &[Piece], found: &mut impl FnMut(usize)) {
        if !self.nodes.is_empty() {
            self.meet(0, pieces, found);
        }
    }

    fn meet(&self, at: usize, pieces: &[Piece], found: &mut impl FnMut(usize)) {
        let node = &self.nodes[at];
        for (least, id) in &node.rests {
            if crate::pattern::tail_meets(*least, pieces) {
                found(*id);
            }
        }
        match pieces.split_first() {
            None => node.ends.iter().for_each(|id| found(*id)),
            Some((Piece::Rest(least), _)) => self.below(at, *least, found),
            Some((Piece::One(set), rest)) => {
                for (of, next) in &node.edges {
                    if of & set != 0 {
                        self.meet(*next, rest, found);
                    }
                }
            }
        }
    }

    /// All that end at least so far below, or take what follows; those of the node itself that do were found.
    fn below(&self, at: usize, least: usize, found: &mut impl FnMut(usize)) {
        let node = &self.nodes[at];
        if least == 0 {
            node.ends.iter().for_each(|id| found(*id));
        }
        for (of, next) in &node.edges {
            if of & crate::pattern::rest_set() != 0 {
                self.nodes[*next]
                    .rests
                    .iter()
                    .for_each(|(_, id)| found(*id));
                self.below(*next, least.saturating_sub(1), found);
            }
        }
    }
}

/// Patterns of numbers, to be asked with regard to a leading `+` or without.
#[derive(Clone, Debug, Default)]
pub(crate) struct Index {
    strict: Trie,
    /// Without the `+` that they begin with.
    plain: Trie,
}

impl Index {
    pub(crate) fn insert(&mut self, pieces: &[Piece], id: usize) {
        self.strict.insert(pieces, id);
        self.plain.insert(without_plus(pieces), id);
    }

    /// The first that matches ([`crate::Pattern::matches`]).
    pub(crate) fn first(&self, number: &str) -> Option<usize> {
        let mut first = None;
        self.strict
            .matching(number, &mut |id| lower(&mut first, id));
        first
    }

    /// All that match loosely ([`crate::Pattern::matches_loosely`]), in no order, some of them twice.
    pub(crate) fn loosely(&self, number: &str, found: &mut impl FnMut(usize)) {
        self.strict.matching(number, found);
        self.plain.matching(bare(number), found);
    }

    /// The first of these.
    pub(crate) fn first_loosely(&self, number: &str) -> Option<usize> {
        let mut first = None;
        self.loosely(number, &mut |id| lower(&mut first, id));
        first
    }
}

/// Keeps the lower of two.
pub(crate) fn lower(first: &mut Option<usize>, id: usize) {
    *first = Some(first.map_or(id, |f| f.min(id)));
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Pattern;
    use proptest::prelude::*;
    use std::cell::Cell;

    thread_local!(static VISITED: Cell<usize> = const { Cell::new(0) });

    pub(super) fn visited() {
        VISITED.with(|n| n.set(n.get() + 1));
    }

    /// `n` numbers of one exchange, and as many patterns behind them.
    fn routes(n: usize) -> Index {
        let mut index = Index::default();
        for i in 0..n {
            let number = Pattern::parse(&format!("+4420{i:08}")).expect("a number");
            let pattern = Pattern::parse(&format!("_0044{i:06}XX")).expect("a pattern");
            index.insert(number.pieces().expect("of a number"), i);
            index.insert(pattern.pieces().expect("of a number"), n + i);
        }
        index
    }

    #[test]
    fn a_number_visits_no_more_places_than_it_has_digits_however_many_routes_there_are() {
        let visits = |index: &Index, number: &str| {
            VISITED.with(|n| n.set(0));
            let found = index.first_loosely(number);
            (found, VISITED.with(Cell::get))
        };
        for n in [10, 100, 10_000] {
            let index = routes(n);
            let last = n - 1;
            for (number, id) in [
                (format!("+4420{last:08}"), Some(last)),
                (format!("4420{last:08}"), Some(last)),
                (format!("0044{last:06}42"), Some(n + last)),
                ("+442099999999".to_owned(), None),
            ] {
                let (found, visited) = visits(&index, &number);
                assert_eq!(found, id, "{number} among {n}");
                assert!(
                    visited <= 2 * (number.len() + 1),
                    "{visited} places for {number} among {n}"
                );
            }
        }
    }

    fn text() -> impl Strategy<Value = String> {
        let place = prop::sample::select(vec![
            "X", "Z", "0", "1", "7", "+", "*", "[+0]", "[1-4]", "a",
        ]);
        let tail = prop::sample::select(vec!["", ".", "!"]);
        (prop::collection::vec(place, 0..5), tail)
            .prop_map(|(places, tail)| format!("_{}{tail}", places.concat()))
    }

    proptest! {
        #[test]
        fn what_all_say_together_is_what_each_says_alone(
            texts in prop::collection::vec(text(), 1..12),
            numbers in prop::collection::vec("[+]?[0-7*+a.é]{0,6}", 1..20),
        ) {
            let all: Vec<Pattern> = texts.iter().filter_map(|t| Pattern::parse(t).ok()).collect();
            let mut index = Index::default();
            for (id, pattern) in all.iter().enumerate() {
                index.insert(pattern.pieces().expect("of a number"), id);
            }
            for number in &numbers {
                prop_assert_eq!(index.first(number), all.iter().position(|p| p.matches(number)));
                prop_assert_eq!(index.first_loosely(number), all.iter().position(|p| p.matches_loosely(number)));
            }
            for one in &all {
                let mut met = Vec::new();
                index.strict.meeting(one.pieces().expect("of a number"), &mut |id| met.push(id));
                met.sort_unstable();
                let wanted: Vec<usize> = (0..all.len()).filter(|id| all[*id].overlaps(one)).collect();
                prop_assert_eq!(met, wanted, "{}", one);
            }
        }
    }
}
