//! An utterance as hashed n-grams.

use crate::understand::words;

/// Bits of a feature's number within its half.
const BITS: u32 = 20;

/// What a pair of words with one between them counts for.
const APART: f32 = 0.7;

/// Letters in a row.
const LETTERS: std::ops::RangeInclusive<usize> = 2..=4;

/// Words that carry grammar rather than meaning; English. Harmless elsewhere.
const SMALL_WORDS: &str = " a about all also am an and any are as at be been but by can could did do \
does for from get give go going got had has have hello help hi how i i'd i'm i've if in is it it's \
just know like looking make me my need of on one or our out please so some something tell that \
thanks that's the their them there there's they this to today up us wanna want wanted was we \
we've were what what's when where which who why will with would you your ";

/// What was said, counted: sorted (number, count) pairs of words and of letters.
#[derive(Clone, Debug, Default)]
pub(super) struct Grams {
    /// Words, pairs of neighbours, pairs with one between them, the first and the last.
    pub(super) words: Vec<(u32, f32)>,
    /// Letters in a row within a word, its ends included as blanks.
    pub(super) letters: Vec<(u32, f32)>,
}

impl Grams {
    /// Of what was said. `small` is what a word that carries grammar counts for, 0 to 1.
    pub(super) fn of(said: &str, small: f32) -> Self {
        let tokens = words(said);
        let weigh = |w: &String| if is_small(w) { small } else { 1.0 };
        let weights: Vec<f32> = tokens.iter().map(weigh).collect();
        let mut out = Self::default();
        for (i, word) in tokens.iter().enumerate() {
            out.words.push((hash(&[word]), weights[i]));
            for (gap, between, counts) in [(1, " ", 1.0), (2, "  ", APART)] {
                if let (Some(next), Some(weight)) = (tokens.get(i + gap), weights.get(i + gap)) {
                    let both = (weights[i] * weight).sqrt() * counts;
                    out.words.push((hash(&[word, between, next]), both));
                }
            }
            out.letters_of(word, weights[i]);
        }
        for (edge, at) in [("^ ", tokens.first()), ("$ ", tokens.last())] {
            if let Some(word) = at {
                out.words.push((hash(&[edge, word]), weigh(word)));
            }
        }
        count(&mut out.words);
        count(&mut out.letters);
        for gram in &mut out.letters {
            gram.0 += 1 << BITS;
        }
        out
    }

    /// Nothing was said.
    pub(super) fn is_empty(&self) -> bool {
        self.words.is_empty()
    }

    /// Both halves.
    pub(super) fn ids(&self) -> impl Iterator<Item = u32> + '_ {
        self.words.iter().chain(&self.letters).map(|g| g.0)
    }

    fn letters_of(&mut self, word: &str, weight: f32) {
        let padded = format!(" {word} ");
        let ends: Vec<usize> = padded
            .char_indices()
            .map(|(at, _)| at)
            .chain([padded.len()])
            .collect();
        for n in LETTERS {
            for ends in ends.windows(n + 1) {
                let gram = padded.get(ends[0]..ends[n]).unwrap_or_default();
                self.letters.push((hash(&[gram]), weight));
            }
        }
    }
}

/// Whether a word carries grammar rather than meaning.
pub(super) fn is_small(word: &str) -> bool {
    SMALL_WORDS.match_indices(word).any(|(at, _)| {
        let bytes = SMALL_WORDS.as_bytes();
        at > 0 && bytes[at - 1] == b' ' && bytes.get(at + word.len()) == Some(&b' ')
    })
}

/// Sorts, and adds up what occurs more than once.
fn count(grams: &mut Vec<(u32, f32)>) {
    grams.sort_by_key(|g| g.0);
    grams.dedup_by(|next, kept| {
        let same = next.0 == kept.0;
        if same {
            kept.1 += next.1;
        }
        same
    });
}

/// FNV-1a, folded to [`BITS`].
fn hash(parts: &[&str]) -> u32 {
    let mut h = 0xcbf2_9ce4_8422_2325u64;
    for byte in parts.iter().flat_map(|p| p.bytes()) {
        h = (h ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
    }
    ((h ^ (h >> 32)) as u32) & ((1 << BITS) - 1)
}
