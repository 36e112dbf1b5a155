//! What a call tells the media graph ([`MediaCommand`]) and what it hears back ([`MediaEvent`]).
//!
//! A call is anchored in one graph from answer to end. Legs hear other legs ([`MediaCommand::Connect`]
//! gives the whole table each time), and players are aimed at legs. A leg that hears exactly one
//! other leg and no player is relayed packet by packet; everything else is mixed.

use crate::{CallId, LegId, MessageId, PlayerId, SegmentId, SrtpKeys, recording::RecordingSum};
use serde::{Deserialize, Serialize};
use std::{
    net::{IpAddr, SocketAddr},
    time::Duration,
};

/// An audio codec that a leg can speak.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Codec {
    /// G.711 u-law, static payload type 0.
    Pcmu,
    /// G.711 A-law, static payload type 8.
    Pcma,
    /// G.722 at 64 kbit/s: 7 kHz of sound, static payload type 9. Its RTP clock is 8000 (RFC 3551 section 4.5.2).
    G722,
    /// Opus: 4 to 20 kHz of sound in packets that say how long they last (RFC 6716, 7587). Its payload type is dynamic.
    Opus,
}

impl Codec {
    /// All that there are.
    pub const ALL: [Self; 4] = [Self::Pcmu, Self::Pcma, Self::G722, Self::Opus];

    /// The name in an `a=rtpmap` line (RFC 3551).
    pub fn rtpmap_name(self) -> &'static str {
        match self {
            Self::Pcmu => "PCMU",
            Self::Pcma => "PCMA",
            Self::G722 => "G722",
            Self::Opus => "opus",
        }
    }
    /// What we offer it as: the static payload type (RFC 3551 section 6), or a dynamic one.
    pub fn payload_type(self) -> u8 {
        match self {
            Self::Pcmu => 0,
            Self::Pcma => 8,
            Self::G722 => 9,
            Self::Opus => 111,
        }
    }
    /// Whether its payload type is static, so that nobody need say what it means.
    pub fn is_static(self) -> bool {
        self.payload_type() < 96
    }
    /// The codec of a static payload type.
    pub fn of_static(payload_type: u8) -> Option<Self> {
        let is = |c: &Self| c.is_static() && c.payload_type() == payload_type;
        Self::ALL.into_iter().find(is)
    }
    /// What its RTP timestamps count.
    pub fn clock(self) -> Clock {
        match self {
            Self::Pcmu | Self::Pcma | Self::G722 => Clock::Hz8000,
            Self::Opus => Clock::Hz48000,
        }
    }
}

/// What a far end wants of the Opus that it is sent (RFC 7587 section 6.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OpusFormat {
    /// It makes use of in-band forward error correction.
    pub fec: bool,
    /// It would rather not be sent packets in which there is nothing to hear.
    pub dtx: bool,
    /// All packets are to be of one size.
    pub cbr: bool,
    /// What it can play, in samples per second.
    pub max_playback_hz: u32,
    /// The most that it wants on average, in bit/s.
    pub max_bitrate: Option<u32>,
}

impl OpusFormat {
    /// What we tell each far end as our own `maxaveragebitrate`: mono speech is at its best with it (RFC 7587 section 3.1.1), and
    /// whoever takes as much is passed on what another sends.
    pub const OUR_MAX_BITRATE: u32 = 40_000;

    /// It takes whatever another end sends who was told our limits.
    pub fn takes_all(&self) -> bool {
        self.max_bitrate
            .is_none_or(|most| most >= Self::OUR_MAX_BITRATE)
            && !self.cbr
    }
}

impl Default for OpusFormat {
    /// Of one who says nothing.
    fn default() -> Self {
        Self {
            fec: false,
            dtx: false,
            cbr: false,
            max_playback_hz: 48_000,
            max_bitrate: None,
        }
    }
}

/// The rate at which RTP timestamps count (RFC 3550 section 5.1). One of its *units* is a count of it; a *tick* is the same
/// everywhere: 1/8000 s, a sample of telephone sound.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(rename_all = "lowercase")]
pub enum Clock {
    /// Of G.711, and by an old mistake of G.722 (RFC 3551 section 4.5.2).
    #[default]
    Hz8000,
    /// Of Opus, whatever is coded in it (RFC 7587 section 4.1).
    Hz48000,
}

impl Clock {
    /// Units in a second.
    pub fn hz(self) -> u32 {
        match self {
            Self::Hz8000 => 8000,
            Self::Hz48000 => 48_000,
        }
    }
    /// Units in a tick.
    pub fn per_tick(self) -> u32 {
        self.hz() / Self::Hz8000.hz()
    }
    /// Units of so many ticks.
    pub fn units(self, ticks: u32) -> u32 {
        ticks * self.per_tick()
    }
    /// Units in so many milliseconds.
    pub fn ms(self, ms: u32) -> u32 {
        ms * (self.hz() / 1000)
    }
    /// Nanoseconds that so many units last.
    pub fn ns(self, units: u32) -> u64 {
        u64::from(units) * 1_000_000_000 / u64::from(self.hz())
    }
    /// Whole units in so many nanoseconds.
    pub fn in_ns(self, ns: i64) -> i64 {
        (i128::from(ns) * i128::from(self.hz()) / 1_000_000_000) as i64
    }
    /// So many units of another clock, in units of this one.
    pub fn of(self, other: Self, units: u32) -> u32 {
        (u64::from(units) * u64::from(self.hz()) / u64::from(other.hz())) as u32
    }
}

/// How keys come from a far end, and go to it. Keys by SIP INFO are taken from everybody.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DtmfPolicy {
    /// As telephone-events (RFC 4733) where the far end has them, else as tones in its sound; to it by INFO where it takes that.
    #[default]
    Auto,
    /// As telephone-events, and never from the sound.
    Rfc4733,
    /// By INFO.
    Info,
    /// As tones in the sound, whatever the far end has.
    Inband,
}

impl DtmfPolicy {
    /// telephone-event is offered and answered.
    pub fn has_events(self) -> bool {
        matches!(self, Self::Auto | Self::Rfc4733)
    }
    /// Keys are taken from the sound of a far end that has telephone-events or not.
    pub fn hears_tones(self, events: bool) -> bool {
        match self {
            Self::Auto => !events,
            Self::Inband => true,
            Self::Rfc4733 | Self::Info => false,
        }
    }
}

/// What one offer/answer fixed for a leg. Set anew after each; each new `generation` lets the leg
/// learn its source once more.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MediaFlow {
    /// Where SDP says that RTP goes. Port 0 or address 0.0.0.0: nowhere.
    pub remote: SocketAddr,
    /// Where RTP may come from besides `remote`: the SIP source's address, where SDP's is private
    /// or the trunk says NAT (field note 3). The first packet from there is learnt once.
    pub learn_from: Option<IpAddr>,
    /// The codec of this leg, both ways.
    pub codec: Codec,
    /// Its payload type as negotiated.
    pub payload_type: u8,
    /// The payload type of telephone-event (RFC 4733), if negotiated.
    pub event_payload_type: Option<u8>,
    /// What the durations in those count.
    pub event_clock: Clock,
    /// What the far end wants of Opus, where that is the codec.
    pub opus: OpusFormat,
    /// Keys are taken from its sound.
    pub tones: bool,
    /// Milliseconds of sound in a packet that we send: 10 to 60.
    pub ptime_ms: u8,
    /// We may send (the far end did not say sendonly, inactive or 0.0.0.0).
    pub send: bool,
    /// The far end may send.
    pub receive: bool,
    /// Counts offer/answers of this leg.
    pub generation: u32,
    /// What encrypts it; plain RTP without.
    pub srtp: Option<SrtpKeys>,
}

/// A sound to be played.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Sound {
    /// Speech. The driver finds it in the prompt cache or has it synthesised; the graph only sees
    /// PCM arrive.
    Speech {
        /// What is said.
        text: String,
        /// Whose voice, by the name that the provider profile understands.
        voice: String,
        /// BCP 47.
        language: String,
        /// The provider profile, e.g. `offline`.
        profile: String,
    },
    /// Hold music: a file of the configuration, or the built-in piece.
    Music {
        /// `None`: the built-in piece.
        file: Option<String>,
    },
    /// Ringback tone of a country (ISO 3166, e.g. `GB`).
    Ringback {
        /// Two letters.
        country: String,
    },
    /// Comfort noise, made here: the line is open, and nobody speaks just now (what RFC 3389 is for).
    Comfort,
    /// Two short tones every two seconds: the line is open and keys work, though no words can be spoken.
    Beeps,
    /// One tone of 400 ms: whoever hears it may speak now.
    Beep,
    /// A prepared sound file, used as it is.
    File {
        /// Path as in the configuration.
        path: String,
    },
    /// A message that a caller left.
    Message {
        /// The file, in the directory for recordings.
        file: String,
    },
}

/// The family of the addresses between which a leg's sound goes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Family {
    /// IPv4.
    #[default]
    V4,
    /// IPv6.
    V6,
}

impl Family {
    /// Of an address; IPv4 written as IPv6 is IPv4.
    pub fn of(ip: IpAddr) -> Self {
        if ip.to_canonical().is_ipv4() {
            Self::V4
        } else {
            Self::V6
        }
    }
}

/// Which queue of a leg a player waits in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Lane {
    /// Speech and announcements: one after the other, in the order of the commands.
    Voice,
    /// Music and tones: looped until stopped, silent while the voice lane of a leg is playing.
    Background,
}

/// From the call to the graph. Never answered in place; see [`MediaEvent`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "do", rename_all = "snake_case")]
pub enum MediaCommand {
    /// Take a port for a leg. Answered by `LegOpened` or `LegRefused`.
    OpenLeg {
        /// The leg.
        leg: LegId,
        /// May take from the share kept for escalations.
        reserve: bool,
        /// Of the far end's address.
        family: Family,
    },
    /// What offer/answer fixed. The leg is silent before the first.
    SetFlow {
        /// The leg.
        leg: LegId,
        /// The flow.
        flow: MediaFlow,
    },
    /// Give the port back (it drains). Answered by `LegClosed`. Players aimed at it lose it.
    CloseLeg {
        /// The leg.
        leg: LegId,
    },
    /// Who hears whom among the legs of a call: the whole table, replacing the last. A leg that is
    /// left out hears no leg. A leg may hear itself (echo).
    Connect {
        /// The call.
        call: CallId,
        /// Listener, and whom it hears.
        hears: Vec<(LegId, Vec<LegId>)>,
    },
    /// Play to legs. Answered by `PlayStarted` with its first sample, and by exactly one of
    /// `PlayFinished` and `PlayFailed`.
    Play {
        /// Chosen by the caller of this command.
        player: PlayerId,
        /// Who hears it.
        to: Vec<LegId>,
        /// What.
        sound: Sound,
        /// Which queue.
        lane: Lane,
    },
    /// Halt a player where it is; `Resume` goes on from there. No-op on one that is gone.
    Pause {
        /// The player.
        player: PlayerId,
    },
    /// Go on.
    Resume {
        /// The player.
        player: PlayerId,
    },
    /// End a player now (also one still queued). Answered by `PlayFinished { whole: false }` unless it
    /// had already finished.
    Stop {
        /// The player.
        player: PlayerId,
    },
    /// Cut speech on a leg into segments by voice activity, and keep their sound for `Transcribe`.
    Listen {
        /// The leg.
        leg: LegId,
        /// On or off. Off drops a running segment without an event.
        on: bool,
        /// Silence that ends a segment.
        end_silence: Duration,
    },
    /// Press keys towards the far end (RFC 4733, 100 ms each, 60 ms apart).
    SendDigits {
        /// The leg.
        leg: LegId,
        /// `0-9*#A-D`.
        digits: String,
    },
    /// Keys that come from a leg by RFC 4733 are told ([`MediaEvent::Digit`]) and withheld from whoever hears it, or passed on
    /// again (as at first). Of keys that are tones the sound is heard all the same.
    KeepKeys {
        /// The leg.
        leg: LegId,
        /// Withhold them.
        keep: bool,
    },
    /// Record the call: on the left what this leg says, on the right what it is sent, at 8 kHz. A recording that runs goes on
    /// with this leg. Answered by exactly one `RecordingEnded`, at the end of the call or when no more can be recorded.
    Record {
        /// The caller's.
        leg: LegId,
        /// The file, in the directory for recordings.
        file: String,
        /// A short tone for all who are recorded, so often.
        tone: Option<Duration>,
    },
    /// Silence of the same length instead of sound, or sound again. No-op without a recording.
    PauseRecording {
        /// The call.
        call: CallId,
        /// Silence.
        paused: bool,
    },
    /// Record a message: what this leg says, at 8 kHz. Answered by exactly one `MessageRecorded`: after `EndMessage`, at the end of
    /// the call, or when no more can be recorded. Refused (`Failed`) while another message of the call is recorded.
    RecordMessage {
        /// Which.
        message: MessageId,
        /// Who speaks.
        leg: LegId,
        /// The file, in the directory for recordings.
        file: String,
    },
    /// The message is complete.
    EndMessage {
        /// Which.
        message: MessageId,
    },
    /// Every leg and player of the call goes, and its recordings are closed.
    CloseCall {
        /// The call.
        call: CallId,
    },
}

/// What showed that somebody is there (field note 4).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Proof {
    /// An RTP packet was taken from the leg.
    Rtp,
    /// An RTCP report counted packets of ours.
    RtcpReport,
}

/// What a leg's flow did from first to last.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct LegStats {
    /// RTP packets sent.
    pub sent: u64,
    /// RTP packets taken.
    pub received: u64,
    /// Sequence numbers that never came.
    pub lost: u64,
    /// Packets from an address that may not be heard.
    pub refused: u64,
    /// Interarrival jitter at the end (RFC 3550 section 6.4.1), in microseconds.
    pub jitter_us: u32,
    /// Keys taken, by RFC 4733 or from the sound.
    pub digits: u32,
    /// Frames that concealment made up.
    pub concealed: u64,
}

/// From the graph to the call.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "snake_case")]
pub enum MediaEvent {
    /// The leg has a port.
    LegOpened {
        /// The leg.
        leg: LegId,
        /// What to write into SDP (the public address where one is configured).
        local: SocketAddr,
    },
    /// No port.
    LegRefused {
        /// The leg.
        leg: LegId,
    },
    /// The first proof of each kind, once per generation.
    Proved {
        /// The leg.
        leg: LegId,
        /// What showed it.
        by: Proof,
    },
    /// Nothing came from a leg that should send, for this long. Once, until it comes again.
    Quiet {
        /// The leg.
        leg: LegId,
        /// How long.
        for_ms: u32,
    },
    /// Neither sound nor a key came from a leg that should send, for some seconds: silence suppression, a muted phone, or
    /// one that is gone. Once, until `HeardAgain`, or until a far end that was not to send (hold) is to send again.
    FellSilent {
        /// The leg.
        leg: LegId,
    },
    /// Sound or a key again, after `FellSilent`.
    HeardAgain {
        /// The leg.
        leg: LegId,
    },
    /// A key, once: at its end or after 100 ms of it from RFC 4733, after 26 ms of it from the sound.
    Digit {
        /// The leg.
        leg: LegId,
        /// One of `0-9*#A-D`.
        digit: char,
    },
    /// Speech began on a leg that is listened to.
    SpeechStarted {
        /// The leg.
        leg: LegId,
        /// Its number.
        segment: SegmentId,
    },
    /// It has lasted this long and goes on: sent at 200 ms and at 500 ms, for barge-in.
    SpeechGoesOn {
        /// The leg.
        leg: LegId,
        /// Its number.
        segment: SegmentId,
        /// Milliseconds of speech so far.
        ms: u32,
    },
    /// Silence ended the segment; its sound is kept until transcribed or discarded.
    SpeechEnded {
        /// The leg.
        leg: LegId,
        /// Its number.
        segment: SegmentId,
        /// Milliseconds from first to last speech.
        ms: u32,
    },
    /// The first sample of a player went out.
    PlayStarted {
        /// The player.
        player: PlayerId,
    },
    /// A player is over.
    PlayFinished {
        /// The player.
        player: PlayerId,
        /// Milliseconds that were sent.
        played_ms: u32,
        /// Milliseconds of the whole sound as far as it was known; 0 if never known.
        total_ms: u32,
        /// It was played to its end.
        whole: bool,
    },
    /// The sound could not be made (provider down, file unreadable).
    PlayFailed {
        /// The player.
        player: PlayerId,
    },
    /// The port is given back.
    LegClosed {
        /// The leg.
        leg: LegId,
        /// What its flow did.
        stats: LegStats,
    },
    /// Some sound of a recording was lost, because the disk is too slow: silence stands in its place. Once a recording.
    RecordingBehind {
        /// The call.
        call: CallId,
    },
    /// A recording is over, exactly once for each that was asked for; after the end of its call, as a rule.
    RecordingEnded {
        /// The call.
        call: CallId,
        /// What it came to.
        sum: RecordingSum,
    },
    /// A message is recorded, exactly once for each that was asked for; often after the end of its call.
    MessageRecorded {
        /// Which.
        message: MessageId,
        /// What it came to.
        sum: RecordingSum,
    },
}
