//! How the caller feels, from their words.

use super::words;

const LEXICON: &[(&str, i32)] = &[
    ("angry", -500),
    ("annoyed", -400),
    ("annoying", -400),
    ("appalling", -600),
    ("awesome", 500),
    ("awful", -500),
    ("bad", -250),
    ("brilliant", 500),
    ("broken", -150),
    ("cheers", 200),
    ("complain", -350),
    ("complaint", -350),
    ("cross", -300),
    ("damn", -450),
    ("disappointed", -400),
    ("disgrace", -600),
    ("disgraceful", -600),
    ("disgusting", -600),
    ("dreadful", -500),
    ("excellent", 500),
    ("fantastic", 500),
    ("fed", -250),
    ("frustrated", -500),
    ("frustrating", -500),
    ("furious", -800),
    ("glad", 300),
    ("good", 200),
    ("grateful", 400),
    ("great", 350),
    ("happy", 350),
    ("hate", -500),
    ("hell", -450),
    ("helpful", 350),
    ("horrible", -500),
    ("idiot", -700),
    ("kind", 250),
    ("love", 300),
    ("lovely", 400),
    ("nice", 250),
    ("nonsense", -400),
    ("outrageous", -600),
    ("pathetic", -600),
    ("perfect", 400),
    ("please", 50),
    ("pleased", 350),
    ("poor", -250),
    ("ridiculous", -550),
    ("rubbish", -500),
    ("shocking", -500),
    ("sick", -300),
    ("sorry", -50),
    ("stupid", -550),
    ("terrible", -500),
    ("thank", 250),
    ("thanks", 250),
    ("unacceptable", -600),
    ("unhappy", -400),
    ("upset", -400),
    ("urgent", -200),
    ("useless", -600),
    ("waiting", -150),
    ("wonderful", 500),
    ("worried", -250),
    ("worst", -600),
    ("wrong", -200),
];

const STRONGER: &[&str] = &[
    "very",
    "really",
    "so",
    "extremely",
    "absolutely",
    "totally",
    "completely",
    "utterly",
    "bloody",
];

const NEGATIONS: &[&str] = &[
    "not", "no", "never", "isn't", "wasn't", "don't", "didn't", "can't", "aren't", "hardly",
    "i'm not",
];

/// -1000 (furious) to 1000. Shouting, as far as a transcript shows it (capitals, exclamation marks),
/// makes it worse.
pub fn mood(said: &str) -> i16 {
    let tokens = words(said);
    let mut sum = 0i32;
    for (i, word) in tokens.iter().enumerate() {
        let Ok(at) = LEXICON.binary_search_by_key(&word.as_str(), |e| e.0) else {
            continue;
        };
        let before = &tokens[i.saturating_sub(3)..i];
        let mut weight = LEXICON[at].1;
        if before.iter().any(|w| STRONGER.contains(&w.as_str())) {
            weight = weight * 3 / 2;
        }
        if before.iter().any(|w| NEGATIONS.contains(&w.as_str())) {
            weight = -weight / 2;
        }
        sum += weight;
    }
    let shouted = said
        .split_whitespace()
        .filter(|w| w.chars().filter(|c| c.is_uppercase()).count() >= 3)
        .filter(|w| !w.chars().any(|c| c.is_lowercase() || c.is_numeric()))
        .count();
    // Three words at least: "OK" and an acronym are no shouting. A recogniser that writes everything in
    // capitals says nothing about the voice.
    let all = said.split_whitespace().count();
    if shouted >= 2 && (shouted < all || said.contains('!')) {
        sum -= 300;
    }
    if said.contains('!') && sum < 0 {
        sum -= 100;
    }
    sum.clamp(-1000, 1000) as i16
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_lexicon_is_sorted() {
        assert!(LEXICON.windows(2).all(|w| w[0].0 < w[1].0));
    }

    #[test]
    fn words_carry_mood() {
        assert_eq!(mood("my boiler has stopped"), 0);
        assert!(mood("this is absolutely ridiculous") < -700);
        assert!(mood("thank you, that is lovely") > 500);
        assert!(mood("I am not happy") < 0);
        assert!(mood("it's not bad") > 0);
        assert!(
            mood("I want my money back RIGHT NOW please")
                < mood("I want my money back right now please")
        );
        assert_eq!(mood("useless useless useless useless"), -1000);
    }
}
