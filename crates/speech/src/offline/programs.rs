//! flite and espeak-ng as programs: the text on stdin, never on a command line or through a shell.
//!
//! flite speaks English only, in voices of its own; espeak-ng speaks about a hundred languages. Either
//! stands in for the other where only one is installed. flite needs a file that it can seek in: its
//! stdout is a file without a name, which is gone with its last handle.

use crate::door::{Line, MAX_CHUNK, PcmStream, SAMPLE_RATE, Tts};
use crate::produce::produce;
use crate::wav::{self, Sniff};
use std::{
    collections::BTreeSet,
    io::{self, ErrorKind, Read, Seek},
    process::Stdio,
    sync::Arc,
    time::Duration,
};
use tandem_codec::resample;
use tandem_types::provider::ProviderFault;
use tokio::{
    io::AsyncWriteExt,
    process::Command,
    sync::{OnceCell, Semaphore},
    time::timeout,
};

/// A line that takes longer will not be heard any more; it takes 0.02 to 0.2 s.
const TIMEOUT: Duration = Duration::from_secs(10);
/// Lines made at the same time; a further one waits for its turn within the time-out.
const PROGRAMS: usize = 4;
/// The longest text, in bytes: about ten minutes of speech.
const MAX_TEXT: usize = 10_000;
/// flite's voices that are shipped with it.
const FLITE_VOICES: [&str; 5] = ["slt", "rms", "awb", "kal", "kal16"];
/// The one that is understood best (`slt`).
const FLITE_DEFAULT: &str = FLITE_VOICES[0];

/// Is it a voice of flite or espeak-ng, of which no server knows?
pub(crate) fn is_offline_voice(voice: &str) -> bool {
    FLITE_VOICES.contains(&voice) || voice == "espeak" || voice == "espeak-ng"
}

/// One of the two programs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Program {
    /// Debian package `flite`.
    Flite,
    /// Debian package `espeak-ng`.
    Espeak,
}

impl Program {
    /// The program, which is also the package.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Flite => "flite",
            Self::Espeak => "espeak-ng",
        }
    }
}

/// What all voices of this machine share.
pub struct Programs {
    turns: Semaphore,
    /// Languages that espeak-ng speaks, asked once.
    languages: OnceCell<BTreeSet<String>>,
}

impl Default for Programs {
    fn default() -> Self {
        Self {
            turns: Semaphore::new(PROGRAMS),
            languages: OnceCell::new(),
        }
    }
}

/// flite and espeak-ng.
pub struct OfflineTts {
    forced: Option<Program>,
    programs: Arc<Programs>,
}

impl OfflineTts {
    /// `flite` or `espeak-ng` speaks every line; empty chooses by voice and language.
    pub fn new(engine: &str, programs: Arc<Programs>) -> Self {
        let forced = match engine {
            "flite" => Some(Program::Flite),
            "espeak-ng" => Some(Program::Espeak),
            _ => None,
        };
        Self { forced, programs }
    }
}

impl Tts for OfflineTts {
    fn speak(&self, line: Line) -> PcmStream {
        let (forced, programs) = (self.forced, self.programs.clone());
        produce(move |sink| async move {
            let made = timeout(TIMEOUT, make(forced, &programs, &line));
            let pcm = made.await.map_err(|_| ProviderFault::TimedOut)??;
            for chunk in pcm.chunks(MAX_CHUNK) {
                sink.send(chunk.to_vec()).await;
            }
            Ok(())
        })
    }
}

async fn make(
    forced: Option<Program>,
    programs: &Programs,
    line: &Line,
) -> Result<Vec<i16>, ProviderFault> {
    let text = clean(&line.text);
    if text.is_empty() {
        return Ok(Vec::new());
    }
    if text.len() > MAX_TEXT {
        return Err(ProviderFault::Malformed);
    }
    // The semaphore is never closed.
    let _turn = programs
        .turns
        .acquire()
        .await
        .map_err(|_| ProviderFault::Overloaded)?;
    let mut fault = ProviderFault::NotInstalled;
    for program in order(forced, line) {
        let answer = match program {
            Program::Flite => flite(flite_voice(&line.voice), &text).await,
            Program::Espeak => {
                let languages = programs.languages.get_or_init(espeak_languages).await;
                espeak(&espeak_voice(languages, &line.language), &text).await
            }
        };
        match answer {
            Ok(wav) => return sound(&wav),
            Err(error) if error.kind() == ErrorKind::NotFound => {
                tracing::error!(
                    "the speech program `{0}` is not installed: apt-get install {0}",
                    program.name()
                );
            }
            Err(error) => {
                tracing::warn!(program = program.name(), %error, "a speech program failed");
                fault = ProviderFault::Malformed;
            }
        }
    }
    Err(fault)
}

/// Whom to ask, first to last.
fn order(forced: Option<Program>, line: &Line) -> &'static [Program] {
    match forced {
        Some(Program::Flite) => &[Program::Flite],
        Some(Program::Espeak) => &[Program::Espeak],
        None if !is_english(&line.language) => &[Program::Espeak],
        None if matches!(line.voice.as_str(), "espeak" | "espeak-ng") => {
            &[Program::Espeak, Program::Flite]
        }
        None => &[Program::Flite, Program::Espeak],
    }
}

/// BCP 47 for English, or nothing said.
pub(crate) fn is_english(language: &str) -> bool {
    let primary = language.split(['-', '_']).next().unwrap_or_default();
    primary.is_empty() || primary.eq_ignore_ascii_case("en")
}

fn flite_voice(voice: &str) -> &'static str {
    FLITE_VOICES
        .into_iter()
        .find(|known| *known == voice)
        .unwrap_or(FLITE_DEFAULT)
}

/// The longest part of a BCP 47 tag that is a voice of espeak-ng; `en` where none is.
fn espeak_voice(languages: &BTreeSet<String>, language: &str) -> String {
    let mut tag = language.to_ascii_lowercase().replace('_', "-");
    loop {
        // What espeak-ng calls American English, Mandarin and Norwegian.
        let name = match tag.as_str() {
            "" => return "en-us".to_owned(),
            "en" => "en-us",
            "zh" => "cmn",
            "no" => "nb",
            other => other,
        };
        if languages.contains(name) {
            return name.to_owned();
        }
        match tag.rfind('-') {
            Some(at) => tag.truncate(at),
            None => {
                // A regional voice where there is no plain one: `pt` to `pt-br`, `fr` to `fr-fr`.
                let regional = languages.range(format!("{tag}-")..).next();
                let regional = regional.filter(|name| name.starts_with(&format!("{tag}-")));
                return regional.cloned().unwrap_or_else(|| "en-us".to_owned());
            }
        }
    }
}

/// The second column of `espeak-ng --voices`.
async fn espeak_languages() -> BTreeSet<String> {
    let mut command = Command::new(Program::Espeak.name());
    command
        .arg("--voices")
        .stdin(Stdio::null())
        .stderr(Stdio::null())
        .kill_on_drop(true);
    let Ok(output) = command.output().await else {
        return BTreeSet::new();
    };
    let listing = String::from_utf8_lossy(&output.stdout).into_owned();
    listing
        .lines()
        .skip(1)
        .filter_map(|line| line.split_whitespace().nth(1))
        .map(str::to_owned)
        .collect()
}

async fn flite(voice: &str, text: &str) -> io::Result<Vec<u8>> {
    let mut file = tempfile::tempfile()?;
    let mut command = Command::new(Program::Flite.name());
    command
        .args(["-voice", voice, "-f", "/dev/stdin", "-o", "/dev/stdout"])
        .stdout(file.try_clone()?);
    run(command, text).await?;
    let mut wav = Vec::new();
    file.rewind()?;
    file.read_to_end(&mut wav)?;
    Ok(wav)
}

async fn espeak(voice: &str, text: &str) -> io::Result<Vec<u8>> {
    let mut command = Command::new(Program::Espeak.name());
    command
        .args(["-v", voice, "--stdin", "--stdout"])
        .stdout(Stdio::piped());
    run(command, text).await
}

/// Runs it with the text on stdin; its stdout, where that is a pipe. Killed when the future is dropped.
async fn run(mut command: Command, text: &str) -> io::Result<Vec<u8>> {
    let mut child = command
        .stdin(Stdio::piped())
        .stderr(Stdio::null())
        .kill_on_drop(true)
        .spawn()?;
    let stdin = child.stdin.take();
    let feed = async {
        if let Some(mut stdin) = stdin {
            // It may end without having read all: its exit says whether that was well.
            let _ = stdin.write_all(text.as_bytes()).await;
            let _ = stdin.shutdown().await;
        }
    };
    let (output, ()) = tokio::join!(child.wait_with_output(), feed);
    let output = output?;
    if output.status.success() {
        Ok(output.stdout)
    } else {
        Err(io::Error::other(output.status.to_string()))
    }
}

/// One line of plain text: what a model sent is not to steer the program (espeak-ng reads `[[phonemes]]`
/// and, in some modes, markup; flite ends a sentence at a line's end).
fn clean(text: &str) -> String {
    let plain: String = text
        .chars()
        .map(|c| {
            if c.is_control() || matches!(c, '[' | ']' | '<' | '>' | '|' | '\u{FEFF}') {
                ' '
            } else {
                c
            }
        })
        .collect();
    let mut words = String::with_capacity(plain.len() + 1);
    for word in plain.split_whitespace() {
        if !words.is_empty() {
            words.push(' ');
        }
        words.push_str(word);
    }
    if !words.is_empty() {
        words.push('\n');
    }
    words
}

fn sound(bytes: &[u8]) -> Result<Vec<i16>, ProviderFault> {
    let Sniff::Wav(format) = wav::sniff(bytes) else {
        return Err(ProviderFault::Malformed);
    };
    let pcm = wav::to_mono(&wav::samples(&bytes[format.data_at..]), format.channels);
    if pcm.is_empty() {
        return Err(ProviderFault::Malformed);
    }
    Ok(resample::whole(&pcm, format.rate, SAMPLE_RATE))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_speaks_what() {
        let order = |voice: &str, language: &str| order(None, &Line::new("x", voice, language));
        assert_eq!(order("slt", "en-GB")[0], Program::Flite);
        assert_eq!(order("alba", "")[0], Program::Flite);
        assert_eq!(order("espeak", "en")[0], Program::Espeak);
        assert_eq!(order("slt", "de-DE"), [Program::Espeak]);
    }

    #[test]
    fn the_nearest_voice_of_espeak() {
        let known = ["en-us", "en-gb", "de", "pt-br", "fr-fr", "cmn"]
            .map(str::to_owned)
            .into();
        for (asked, given) in [
            ("", "en-us"),
            ("en-GB", "en-gb"),
            ("en-IN", "en-us"),
            ("de-AT", "de"),
            ("pt", "pt-br"),
            ("fr_CH", "fr-fr"),
            ("zh-TW", "cmn"),
            ("tlh", "en-us"),
        ] {
            assert_eq!(espeak_voice(&known, asked), given, "{asked}");
        }
    }

    #[test]
    fn text_is_one_plain_line() {
        assert_eq!(
            clean("  Hi,\n\n[[x]] <break/> there\0 "),
            "Hi, x break/ there\n"
        );
        assert_eq!(clean(" \n\u{7}"), "");
    }
}
