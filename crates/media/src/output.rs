//! What an engine is told at start, and what it tells its driver.

use crate::recorder::Recorded;
use std::{
    net::{IpAddr, SocketAddr},
    time::Duration,
};
use tandem_types::{
    LegId, PlayerId, SegmentId,
    media::{Family, MediaEvent},
    recording::Track,
};

/// What a worker is told at start.
#[derive(Clone, Debug)]
pub struct EngineConfig {
    /// Nothing from a leg for this long is [`MediaEvent::Quiet`].
    pub rtp_timeout: Duration,
    /// No sound from a leg for this long is [`MediaEvent::FellSilent`]. Short enough that something else can be heard before
    /// 3 s of nothing have passed.
    pub pause: Duration,
    /// The addresses to write into SDP in place of a socket's of the same family.
    pub advertise: Vec<IpAddr>,
    /// The CNAME of our reports (RFC 3550 section 6.5.1): names no person and no machine.
    pub cname: String,
}

impl Default for EngineConfig {
    fn default() -> Self {
        Self {
            rtp_timeout: Duration::from_secs(30),
            pause: Duration::from_millis(2500),
            advertise: Vec::new(),
            cname: "tandem".to_owned(),
        }
    }
}

/// A datagram to send now, from the leg's RTP port or (for `rtcp`) its RTCP port.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Transmit<'a> {
    /// Whose socket.
    pub leg: LegId,
    /// From the RTCP port.
    pub rtcp: bool,
    /// Where to.
    pub to: SocketAddr,
    /// What.
    pub bytes: &'a [u8],
}

/// What the driver is to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Output {
    /// Take a pair of ports; answer by [`Engine::bound`](crate::Engine::bound) or [`Engine::refused`](crate::Engine::refused).
    NeedPort {
        /// For this leg.
        leg: LegId,
        /// May take from the share kept for escalations.
        reserve: bool,
        /// Of their addresses.
        family: Family,
    },
    /// Give the ports back (they drain).
    ReleasePort {
        /// Of this leg.
        leg: LegId,
    },
    /// Send a last RTCP packet from the leg's RTCP port; comes before `ReleasePort`.
    Farewell {
        /// Whose socket.
        leg: LegId,
        /// Where to.
        to: SocketAddr,
        /// A compound packet with BYE.
        bytes: Vec<u8>,
    },
    /// For the call.
    Event(MediaEvent),
    /// Find or synthesise this, and hand it in by [`Engine::push_audio`](crate::Engine::push_audio) and [`Engine::end_audio`](crate::Engine::end_audio) (8 kHz).
    NeedSpeech {
        /// For this player.
        player: PlayerId,
        /// What is said.
        text: String,
        /// Whose voice.
        voice: String,
        /// BCP 47.
        language: String,
        /// The provider profile.
        profile: String,
    },
    /// Read this sound file and hand it in likewise. Background players loop what they are given.
    NeedFile {
        /// For this player.
        player: PlayerId,
        /// As in the configuration.
        path: String,
    },
    /// Read this message and hand it in likewise.
    NeedMessage {
        /// For this player.
        player: PlayerId,
        /// In the directory for recordings.
        file: String,
    },
    /// No more sound is wanted for this player; asked for with `NeedSpeech`, `NeedFile` or `NeedMessage`, and not complete.
    StopSpeech {
        /// The player, which is gone.
        player: PlayerId,
    },
    /// The sound of a segment, with 300 ms of what came before; precedes its `SpeechEnded`.
    Segment {
        /// Which.
        segment: SegmentId,
        /// 8 kHz.
        pcm: Vec<i16>,
    },
    /// For a recording, in order. What becomes of it is told to the call (`RecordingBehind`, `RecordingEnded`, `MessageRecorded`).
    Recorded {
        /// Which.
        track: Track,
        /// What.
        what: Recorded,
    },
}

/// How much there is. All zero when every call is closed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Census {
    /// Calls.
    pub calls: usize,
    /// Legs, those that wait for a port too.
    pub legs: usize,
    /// Players, queued ones too.
    pub players: usize,
    /// Calls that need the 10 ms tick.
    pub ticking: usize,
}
