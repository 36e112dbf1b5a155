//! What the administrator configured.

use secrecy::SecretString;

/// One provider profile: a door of each kind, and whom to ask when one of them fails.
#[derive(Clone, Debug)]
pub struct ProfileSpec {
    /// Its name, e.g. `fast`. `offline` is there without being configured.
    pub name: String,
    /// Sound to words.
    pub stt: DoorSpec,
    /// A language model.
    pub llm: DoorSpec,
    /// Words to sound.
    pub tts: DoorSpec,
    /// The profile to ask when a door of this one fails or is `None`.
    pub fallback: Option<String>,
}

impl ProfileSpec {
    /// The profile that is always there: no key, no network, no model.
    pub fn offline() -> Self {
        let auto = || DoorSpec::Offline {
            engine: String::new(),
        };
        Self {
            name: OFFLINE.into(),
            stt: auto(),
            llm: DoorSpec::None,
            tts: auto(),
            fallback: None,
        }
    }
}

/// The name of [`ProfileSpec::offline`].
pub const OFFLINE: &str = "offline";

/// What stands behind one door of a profile.
#[derive(Clone, Debug, Default)]
pub enum DoorSpec {
    /// Nothing: the fallback is asked, and without one the answer is `NotConfigured`.
    #[default]
    None,
    /// A program or library of this machine.
    Offline {
        /// `pocketsphinx` for STT; `flite` or `espeak-ng` for TTS (which then speaks every line); empty
        /// chooses by voice and language. There is no offline model.
        engine: String,
    },
    /// A server that speaks OpenAI's HTTP shapes.
    OpenAi {
        /// Up to and with `/v1`, e.g. `http://127.0.0.1:8000/v1`.
        base_url: String,
        /// The model's name.
        model: String,
        /// Sent as a bearer token. Prints redacted.
        key: Option<SecretString>,
        /// TTS: the voice where the line names none, or names one of the offline engines' voices.
        voice: Option<String>,
        /// TTS: samples in a second of the server's raw PCM, where neither a WAV header nor the
        /// Content-Type says. `None`: 24000, as OpenAI.
        sample_rate: Option<u32>,
    },
}

/// The profiles do not fit together: the administrator's to mend.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum SetupError {
    /// Two profiles of one name.
    #[error("provider profile `{0}` is there twice")]
    Twice(String),
    /// A fallback that is no profile.
    #[error("provider profile `{profile}` falls back to `{fallback}`, which is not a profile")]
    UnknownFallback {
        /// The profile.
        profile: String,
        /// What it names.
        fallback: String,
    },
    /// Fallbacks in a circle.
    #[error("provider profile `{0}` falls back to itself in the end")]
    Circle(String),
    /// An engine that this door does not have.
    #[error(
        "provider profile `{profile}`: `{engine}` is not an offline engine for {door} ({known})"
    )]
    UnknownEngine {
        /// The profile.
        profile: String,
        /// `stt`, `llm` or `tts`.
        door: &'static str,
        /// What it names.
        engine: String,
        /// What there is.
        known: &'static str,
    },
    /// Not an `http` or `https` address.
    #[error("provider profile `{profile}`: base_url of {door} is not an http or https address")]
    BadUrl {
        /// The profile.
        profile: String,
        /// `stt`, `llm` or `tts`.
        door: &'static str,
    },
    /// Headers or address of a tool cannot be sent.
    #[error("tool `{0}`: its address or a header cannot be sent")]
    Endpoint(String),
    /// The HTTP client could not be made.
    #[error("the HTTP client could not be set up: {0}")]
    Client(String),
}
