//! Reading SDP of the field. `sdp-types` is strict where the field is not (an `o=` version that is no
//! number, Latin-1 in `s=`, two spaces, a second `t=`), so only the lines that matter here reach it,
//! with their white space mended.

use crate::crypto::Crypto;
use crate::model::{Direction, Unusable};
use sdp_types::{Attribute, Media, Session};
use std::net::{IpAddr, SocketAddr};
use tandem_types::media::{Clock, Codec, Family, OpusFormat};

/// More `m=` lines than any phone has; beyond it somebody is playing.
const MAX_SECTIONS: usize = 32;

/// One `m=` line with what belongs to it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Section {
    /// `audio`, `video`, `image`, ...
    pub(crate) media: String,
    /// `RTP/AVP`, ...
    pub(crate) proto: String,
    /// The formats, verbatim.
    pub(crate) formats: String,
    /// 0: refused.
    pub(crate) port: u16,
    /// From the line's own `c=` or the session's; `None` where it is no address.
    pub(crate) address: Option<IpAddr>,
    pub(crate) direction: Direction,
    /// Codecs that we know with their payload types, in the line's order.
    pub(crate) codecs: Vec<(Codec, u8)>,
    /// telephone-event, with the payload type of each clock.
    pub(crate) events: Vec<(u8, Clock)>,
    /// What it wants of Opus.
    pub(crate) opus: OpusFormat,
    /// What the far end wants to get, already bound to 10..=60 and to maxptime.
    pub(crate) ptime_ms: u8,
    /// Keys for SRTP that we can use, the most wanted first.
    pub(crate) crypto: Vec<Crypto>,
}

impl Section {
    pub(crate) fn is_audio(&self) -> bool {
        self.media.eq_ignore_ascii_case("audio") && self.port != 0
    }
    /// The telephone-event for sound of this clock: the one of the same clock (RFC 4733 section 2.1), or the one there is.
    pub(crate) fn event(&self, clock: Clock) -> Option<(u8, Clock)> {
        let same = self.events.iter().find(|(_, c)| *c == clock);
        same.or(self.events.first()).copied()
    }
    pub(crate) fn is_plain_rtp(&self) -> bool {
        self.proto.eq_ignore_ascii_case("RTP/AVP")
    }
    pub(crate) fn is_srtp(&self) -> bool {
        self.proto.to_ascii_uppercase().contains("SAVP")
    }
    /// SRTP with keys in SDP. Beside `RTP/SAVP` there are phones that offer keys under `RTP/AVP`: take them or leave them.
    pub(crate) fn is_sdes(&self) -> bool {
        let savp = self.proto.eq_ignore_ascii_case("RTP/SAVP");
        (savp || self.is_plain_rtp()) && !self.crypto.is_empty()
    }
    /// Where RTP goes.
    pub(crate) fn remote(&self) -> Result<SocketAddr, Unusable> {
        let ip = self
            .address
            .filter(|ip| !ip.is_multicast())
            .ok_or(Unusable::NoAddress)?;
        Ok(SocketAddr::new(ip, self.port))
    }
    /// The direction with the old form of hold read into it (RFC 3264 section 8.4).
    pub(crate) fn effective_direction(&self) -> Direction {
        let zero = self.address.is_some_and(|ip| ip.is_unspecified());
        Direction::of(self.direction.sends(), self.direction.receives() && !zero)
    }
}

/// The family of the address at which an offer wants its sound; `None`: it names none.
pub fn family(offer: &[u8]) -> Option<Family> {
    let sections = sections(offer).ok()?;
    let address = sections.iter().find(|s| s.is_audio())?.address?;
    (!address.is_unspecified()).then(|| Family::of(address))
}

/// All `m=` lines in order.
pub(crate) fn sections(body: &[u8]) -> Result<Vec<Section>, Unusable> {
    let session = Session::parse(&mended(body)?).map_err(|_| Unusable::Malformed)?;
    if session.medias.len() > MAX_SECTIONS {
        return Err(Unusable::Malformed);
    }
    let address = session
        .connection
        .as_ref()
        .map(|c| c.connection_address.as_str());
    let direction = direction_in(&session.attributes).unwrap_or_default();
    Ok(session
        .medias
        .iter()
        .map(|m| section(m, address, direction))
        .collect())
}

/// `v=0` and the `c=`, `m=` and `a=` lines, in UTF-8 and with single spaces.
fn mended(body: &[u8]) -> Result<Vec<u8>, Unusable> {
    let text = String::from_utf8_lossy(body);
    let mut lines = text
        .split(['\r', '\n'])
        .map(str::trim)
        .filter(|l| !l.is_empty());
    if lines.next() != Some("v=0") {
        return Err(Unusable::Malformed);
    }
    let mut out = String::from("v=0\r\n");
    let (mut in_media, mut session_address) = (false, false);
    for line in lines {
        let Some((key, value)) = line.split_once('=') else {
            continue;
        };
        match key {
            "m" => in_media = true,
            "c" if !in_media => {
                if std::mem::replace(&mut session_address, true) {
                    continue;
                }
            }
            "c" | "a" => {}
            _ => continue,
        }
        out.push_str(key);
        out.push('=');
        let fields = if key == "c" { 3 } else { usize::MAX };
        for (i, word) in value.split_ascii_whitespace().take(fields).enumerate() {
            if i > 0 {
                out.push(' ');
            }
            out.push_str(word);
        }
        out.push_str("\r\n");
    }
    Ok(out.into_bytes())
}

fn section(m: &Media, session_address: Option<&str>, session_direction: Direction) -> Section {
    let address = m
        .connections
        .first()
        .map(|c| c.connection_address.as_str())
        .or(session_address);
    let Formats { codecs, events } = formats(m);
    let opus = codecs.iter().find(|(c, _)| *c == Codec::Opus);
    let opus = opus.map_or_else(OpusFormat::default, |(_, pt)| opus_format(m, *pt));
    Section {
        media: m.media.clone(),
        proto: m.proto.clone(),
        formats: m.fmt.clone(),
        port: m.port,
        // A TTL may follow an address (RFC 8866 section 5.7).
        address: address
            .and_then(|a| a.split('/').next())
            .and_then(|a| a.parse().ok()),
        direction: direction_in(&m.attributes).unwrap_or(session_direction),
        codecs,
        events,
        opus,
        ptime_ms: ptime(m),
        crypto: values(m, "crypto").filter_map(Crypto::parse).collect(),
    }
}

fn direction_in(attributes: &[Attribute]) -> Option<Direction> {
    attributes
        .iter()
        .find_map(|a| match a.attribute.to_ascii_lowercase().as_str() {
            "sendrecv" => Some(Direction::SendRecv),
            "sendonly" => Some(Direction::SendOnly),
            "recvonly" => Some(Direction::RecvOnly),
            "inactive" => Some(Direction::Inactive),
            _ => None,
        })
}

/// Payload types and what they mean.
#[derive(Default)]
struct Formats {
    codecs: Vec<(Codec, u8)>,
    events: Vec<(u8, Clock)>,
}

/// The codecs we know, and telephone-event. An `a=rtpmap` overrules the static table.
fn formats(m: &Media) -> Formats {
    let mut all = Formats::default();
    for pt in m
        .fmt
        .split(' ')
        .filter_map(|f| f.parse::<u8>().ok())
        .filter(|pt| *pt < 128)
    {
        let Some(encoding) = rtpmap(m, pt) else {
            all.codecs.extend(Codec::of_static(pt).map(|c| (c, pt)));
            continue;
        };
        let (name, clock) = encoding.split_once('/').unwrap_or((encoding, ""));
        let (rate, channels) = clock.split_once('/').unwrap_or((clock, "1"));
        let clock = match rate.trim() {
            "8000" => Clock::Hz8000,
            "48000" => Clock::Hz48000,
            _ => continue,
        };
        let one = channels.trim() == "1";
        if name.eq_ignore_ascii_case("telephone-event") && one {
            all.events.push((pt, clock));
        }
        let known = Codec::ALL
            .into_iter()
            .filter(|c| name.eq_ignore_ascii_case(c.rtpmap_name()) && c.clock() == clock)
            // Opus is two channels whatever is in it (RFC 7587 section 7), and not everybody says so.
            .find(|c| one || *c == Codec::Opus);
        all.codecs.extend(known.map(|c| (c, pt)));
    }
    all
}

/// What `a=fmtp:PT` says of Opus (RFC 7587 section 6.1).
fn opus_format(m: &Media, pt: u8) -> OpusFormat {
    let mut format = OpusFormat::default();
    let params = values(m, "fmtp").find_map(|value| {
        let (number, params) = value.split_once(' ')?;
        (number.parse() == Ok(pt)).then_some(params)
    });
    for param in params.unwrap_or_default().split(';') {
        let (name, value) = param.split_once('=').unwrap_or((param, ""));
        let value = value.trim();
        let number = || value.parse::<u32>().ok();
        match name.trim().to_ascii_lowercase().as_str() {
            "useinbandfec" => format.fec = value == "1",
            "usedtx" => format.dtx = value == "1",
            "cbr" => format.cbr = value == "1",
            "maxplaybackrate" => {
                let hz = number().filter(|hz| (8000..=48_000).contains(hz));
                format.max_playback_hz = hz.unwrap_or(format.max_playback_hz);
            }
            "maxaveragebitrate" => format.max_bitrate = number().filter(|b| *b >= 6000),
            _ => {}
        }
    }
    format
}

/// The encoding of `a=rtpmap:PT ENCODING`.
fn rtpmap(m: &Media, pt: u8) -> Option<&str> {
    values(m, "rtpmap").find_map(|value| {
        let (number, encoding) = value.split_once(' ')?;
        (number.parse() == Ok(pt)).then_some(encoding)
    })
}

fn values<'a>(m: &'a Media, name: &'a str) -> impl Iterator<Item = &'a str> {
    let named = move |a: &&Attribute| a.attribute.eq_ignore_ascii_case(name);
    m.attributes
        .iter()
        .filter(named)
        .filter_map(|a| a.value.as_deref())
        .map(str::trim)
}

/// a=ptime is what the far end would like to get, a=maxptime what it can take. 20 where it says
/// nothing sensible; whole tens, so that a packet is whole 10 ms frames.
fn ptime(m: &Media) -> u8 {
    let number = |name| {
        values(m, name)
            .next()
            .and_then(|v| v.split(['.', ' ']).next()?.parse::<u32>().ok())
    };
    let wanted = number("ptime").filter(|ms| *ms > 0).unwrap_or(20);
    let most = number("maxptime").filter(|ms| *ms > 0).unwrap_or(60);
    let tens = wanted.min(most).clamp(10, 60) / 10 * 10;
    u8::try_from(tens).unwrap_or(20)
}
