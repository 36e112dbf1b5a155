//! Talk-off: speech in which the detector of keys finds some. Spoken at test time by flite and espeak-ng, through either law and at
//! two levels: 3 minutes, or as many as TALK_OFF_MINUTES says (`make nightly`: 60, of which at most one digit may be found).

use std::process::{Command, Stdio};
use tandem_codec::{DtmfDetector, Law, RATE};
use tandem_types::Rng;

const WORDS: &str = "one two three four five six seven eight nine zero hundred pounds please yes no hello thank you \
    invoice number reference account balance payment rent garden window boiler leak kitchen tenant landlord morning \
    evening Wednesday Thursday February meeting colleague message telephone extension department billing repairs \
    engineer appointment tomorrow cancel order delivery parcel eighteen thirty seventeen question answer problem \
    somebody everybody because although through enough laughing singing ringing whistle music cheese sheep beep \
    really easy cheap see me he she we be three free fee knee tea sea agree degree guarantee referee committee";

/// Says `text`, and gives it at 8 kHz.
fn spoken(n: usize, text: &str, rng: &mut Rng) -> Vec<i16> {
    let dir = tempfile::tempdir().expect("a folder");
    let wav = dir.path().join("said.wav");
    let mut voice = match n % 6 {
        voice @ 0..4 => {
            let mut flite = Command::new("flite");
            let name = ["slt", "rms", "awb", "kal"][voice];
            flite.args(["-voice", name, "-t", text, "-o"]).arg(&wav);
            flite
        }
        _ => {
            let mut espeak = Command::new("espeak-ng");
            let voice = ["en-gb+f2", "en-us+m3", "en-gb", "en-us+f4"][rng.below(4) as usize];
            let (pitch, speed) = (20 + rng.below(70), 120 + rng.below(120));
            let of = |n: u64| n.to_string();
            espeak.args(["-v", voice, "-p", &of(pitch), "-s", &of(speed), text, "-w"]);
            espeak.arg(&wav);
            espeak
        }
    };
    let said = voice.stdout(Stdio::null()).stderr(Stdio::null()).status();
    assert!(said.expect("flite and espeak-ng (`make setup`)").success());
    let raw = Command::new("sox")
        .arg(&wav)
        .args([
            "-t",
            "raw",
            "-r",
            &RATE.to_string(),
            "-e",
            "signed",
            "-b",
            "16",
            "-c",
            "1",
            "-",
        ])
        .output()
        .expect("sox");
    let pairs = raw.stdout.chunks_exact(2);
    pairs.map(|b| i16::from_le_bytes([b[0], b[1]])).collect()
}

#[test]
fn speech_is_not_taken_for_keys() {
    let minutes = std::env::var("TALK_OFF_MINUTES").ok();
    let minutes: usize = minutes.map_or(3, |m| m.parse().expect("minutes"));
    let wanted = minutes * 60 * RATE as usize;
    let words: Vec<&str> = WORDS.split_whitespace().collect();
    let mut rng = Rng::seeded(0x7a1c);
    let (mut heard, mut found) = (0, Vec::new());
    for n in 0.. {
        if heard >= wanted {
            break;
        }
        let said = (0..60).map(|_| words[rng.below(words.len() as u64) as usize]);
        let said = said.collect::<Vec<_>>().join(" ");
        let sound = spoken(n, &said, &mut rng);
        heard += sound.len();
        for (law, softer) in [(Law::Mu, 1), (Law::A, 4)] {
            let mut detector = DtmfDetector::new();
            let through = |s: &i16| law.decode(law.encode(*s / softer));
            let coded: Vec<i16> = sound.iter().map(through).collect();
            for (i, frame) in coded.chunks(80).enumerate() {
                detector.feed(frame, |key| found.push((n, i * 10, law, key)));
            }
        }
    }
    eprintln!("{} s of speech: {found:?}", heard / RATE as usize);
    // Once in an hour, for each of the two ways.
    let most = 2 * minutes / 60;
    assert!(found.len() <= most, "{} digits: {found:?}", found.len());
}
