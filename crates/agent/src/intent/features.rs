//! An utterance as hashed n-grams.

use crate::understand::words;

/// Bits of a feature's number within its half.
const BITS: u32 = 18;

/// What a word that carries grammar rather than meaning counts for.
const SMALL_WORD: f64 = 0.3;

/// Words that carry grammar rather than meaning; English. Harmless elsewhere.
const SMALL_WORDS: &str = " a about all also am an and any are as at be been but by can could did do \
does for from get give go going got had has have hello help hi how i i'd i'm i've if in is it it's \
just know like looking make me my need of on one or our out please so some something tell that \
thanks that's the their them there there's they this to today up us wanna want wanted was we \
we've were what what's when where which who why will with would you your ";

/// Sorted (number, weight) pairs; the word half and the letter half each of length 1.
#[derive(Clone, Debug, Default)]
pub(super) struct Features(Vec<(u32, f64)>);

impl Features {
    /// Of what was said.
    pub(super) fn of(said: &str) -> Self {
        let tokens = words(said);
        let weights: Vec<f64> = tokens.iter().map(|w| weight(w)).collect();
        let mut by_word = Vec::new();
        let mut by_letter = Vec::new();
        for (i, word) in tokens.iter().enumerate() {
            by_word.push((hash(&[word.as_bytes()]), weights[i]));
            if let Some(next) = tokens.get(i + 1) {
                let pair = hash(&[word.as_bytes(), b" ", next.as_bytes()]);
                by_word.push((pair, (weights[i] * weights[i + 1]).sqrt()));
            }
            letters(word, weights[i], &mut by_letter);
        }
        normalise(&mut by_word);
        normalise(&mut by_letter);
        let half = 1u32 << BITS;
        by_word.extend(by_letter.into_iter().map(|(id, v)| (id + half, v)));
        Self(by_word)
    }

    /// Nothing was said.
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Number and weight.
    pub(super) fn iter(&self) -> impl Iterator<Item = (u32, f64)> + '_ {
        self.0.iter().copied()
    }
}

/// Whether a word carries grammar rather than meaning.
pub(super) fn is_small(word: &str) -> bool {
    SMALL_WORDS.contains(&format!(" {word} "))
}

fn weight(word: &str) -> f64 {
    if is_small(word) { SMALL_WORD } else { 1.0 }
}

/// 2 to 5 letters in a row, the word's ends included as blanks.
fn letters(word: &str, weight: f64, out: &mut Vec<(u32, f64)>) {
    let padded: Vec<char> = format!(" {word} ").chars().collect();
    let mut buffer = String::new();
    for n in 2..=5 {
        for gram in padded.windows(n) {
            buffer.clear();
            buffer.extend(gram);
            out.push((hash(&[buffer.as_bytes()]), weight));
        }
    }
}

/// Sorts, adds up what occurs more than once, and makes the length 1.
fn normalise(features: &mut Vec<(u32, f64)>) {
    features.sort_by_key(|f| f.0);
    features.dedup_by(|next, kept| {
        let same = next.0 == kept.0;
        if same {
            kept.1 += next.1;
        }
        same
    });
    let length = features.iter().map(|f| f.1 * f.1).sum::<f64>().sqrt();
    if length > 0.0 {
        for f in features {
            f.1 /= length;
        }
    }
}

/// FNV-1a, folded to [`BITS`].
fn hash(parts: &[&[u8]]) -> u32 {
    let mut h = 0xcbf2_9ce4_8422_2325u64;
    for byte in parts.iter().flat_map(|p| p.iter()) {
        h = (h ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3);
    }
    ((h ^ (h >> 32)) as u32) & ((1 << BITS) - 1)
}
