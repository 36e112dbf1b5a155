//! Writing SDP: one form, in the order of RFC 8866 section 5.

use crate::crypto::Crypto;
use crate::model::Direction;
use serde::{Deserialize, Serialize};
use std::fmt::Write;
use std::net::SocketAddr;
use tandem_types::media::{Clock, Codec, OpusFormat};

/// One `m=` line of ours.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Line {
    /// Our audio.
    Audio,
    /// Refused: port 0, media, transport and formats as the far end wrote them.
    Refused {
        media: String,
        proto: String,
        formats: String,
    },
}

/// All that a body of ours is made of.
pub(crate) struct Description<'a> {
    pub(crate) session_id: u64,
    pub(crate) version: u64,
    pub(crate) local: SocketAddr,
    pub(crate) lines: &'a [Line],
    pub(crate) codecs: &'a [(Codec, u8)],
    pub(crate) event_types: &'a [(u8, Clock)],
    pub(crate) ptime_ms: u8,
    pub(crate) direction: Direction,
    /// `RTP/AVP` or `RTP/SAVP`.
    pub(crate) proto: &'a str,
    pub(crate) crypto: &'a [Crypto],
}

impl Description<'_> {
    pub(crate) fn to_text(&self) -> String {
        let family = if self.local.is_ipv4() { "IP4" } else { "IP6" };
        let ip = self.local.ip();
        let mut out = format!(
            "v=0\r\no=- {} {} IN {family} {ip}\r\ns=-\r\nc=IN {family} {ip}\r\nt=0 0\r\n",
            self.session_id, self.version
        );
        for line in self.lines {
            match line {
                Line::Audio => self.audio(&mut out),
                Line::Refused {
                    media,
                    proto,
                    formats,
                } => {
                    let _ = write!(out, "m={media} 0 {proto} {formats}\r\n");
                }
            }
        }
        out
    }

    fn audio(&self, out: &mut String) {
        let _ = write!(out, "m=audio {} {}", self.local.port(), self.proto);
        let types = self
            .codecs
            .iter()
            .map(|(_, pt)| *pt)
            .chain(self.event_types.iter().map(|(pt, _)| *pt));
        for pt in types {
            let _ = write!(out, " {pt}");
        }
        out.push_str("\r\n");
        for (codec, pt) in self.codecs {
            let (name, hz) = (codec.rtpmap_name(), codec.clock().hz());
            let _ = match codec {
                Codec::Pcmu | Codec::Pcma | Codec::G722 => {
                    write!(out, "a=rtpmap:{pt} {name}/{hz}\r\n")
                }
                // Two channels always (RFC 7587 section 7); one is what we want.
                Codec::Opus => write!(
                    out,
                    "a=rtpmap:{pt} {name}/{hz}/2\r\na=fmtp:{pt} useinbandfec=1;stereo=0;sprop-stereo=0;maxaveragebitrate={}\r\n",
                    OpusFormat::OUR_MAX_BITRATE
                ),
            };
        }
        for (pt, clock) in self.event_types {
            let hz = clock.hz();
            let _ = write!(
                out,
                "a=rtpmap:{pt} telephone-event/{hz}\r\na=fmtp:{pt} 0-16\r\n"
            );
        }
        for crypto in self.crypto {
            let _ = write!(out, "{}\r\n", crypto.line());
        }
        let _ = write!(
            out,
            "a=ptime:{}\r\na={}\r\n",
            self.ptime_ms,
            self.direction.as_str()
        );
    }
}
