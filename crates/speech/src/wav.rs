//! WAV as programs and servers write it: enough of RIFF to find the format and the samples, and
//! tolerant of headers that were written before the length was known (0, 0xFFFFFFFF, short).

/// What a WAV header says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Format {
    /// 1 is PCM, 6 A-law, 7 u-law, 0xFFFE extensible (taken as PCM).
    pub(crate) tag: u16,
    pub(crate) channels: u16,
    pub(crate) rate: u32,
    pub(crate) bits: u16,
    /// Where the samples begin.
    pub(crate) data_at: usize,
}

/// Looks for a header at the start of `bytes`.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Sniff {
    /// It could become one: more bytes are needed.
    More,
    /// It is not WAV.
    Not,
    /// It is.
    Wav(Format),
    /// It says that it is, and contradicts itself.
    Broken,
}

/// A header longer than this is no header.
const MAX_HEADER: usize = 4096;

/// Reads the header, if there is one.
pub(crate) fn sniff(bytes: &[u8]) -> Sniff {
    let magic = b"RIFF";
    let n = bytes.len().min(4);
    if bytes[..n] != magic[..n] {
        return Sniff::Not;
    }
    if bytes.len() < 12 {
        return Sniff::More;
    }
    if &bytes[8..12] != b"WAVE" {
        return Sniff::Broken;
    }
    let mut at = 12;
    let mut format: Option<Format> = None;
    loop {
        let Some(header) = bytes.get(at..at + 8) else {
            return more(at);
        };
        let size = u32::from_le_bytes([header[4], header[5], header[6], header[7]]) as usize;
        let body = at + 8;
        match &header[..4] {
            b"fmt " => {
                let Some(fmt) = bytes.get(body..body + 16) else {
                    return more(body);
                };
                let u16_at = |i: usize| u16::from_le_bytes([fmt[i], fmt[i + 1]]);
                let found = Format {
                    tag: u16_at(0),
                    channels: u16_at(2),
                    rate: u32::from_le_bytes([fmt[4], fmt[5], fmt[6], fmt[7]]),
                    bits: u16_at(14),
                    data_at: 0,
                };
                if size < 16 || !usable(&found) {
                    return Sniff::Broken;
                }
                format = Some(found);
            }
            b"data" => {
                return match format {
                    Some(format) => Sniff::Wav(Format {
                        data_at: body,
                        ..format
                    }),
                    None => Sniff::Broken,
                };
            }
            _ => {}
        }
        // Chunks are padded to even lengths.
        at = body.saturating_add(size).saturating_add(size & 1);
        if at > MAX_HEADER {
            return Sniff::Broken;
        }
    }
}

/// Bytes of sound after the header, where it knows: 0 and the largest number are written by programs
/// that did not.
pub(crate) fn length(bytes: &[u8], format: &Format) -> Option<u64> {
    let size = bytes.get(format.data_at - 4..format.data_at)?;
    let size = u32::from_le_bytes([size[0], size[1], size[2], size[3]]);
    (size != 0 && size < 0x7FFF_F000).then_some(u64::from(size))
}

fn more(at: usize) -> Sniff {
    if at > MAX_HEADER {
        Sniff::Broken
    } else {
        Sniff::More
    }
}

fn usable(format: &Format) -> bool {
    matches!(format.tag, 1 | 0xFFFE)
        && (1..=2).contains(&format.channels)
        && (4_000..=192_000).contains(&format.rate)
        && format.bits == 16
}

/// A mono WAV of 16-bit samples.
pub(crate) fn write(rate: u32, pcm: &[i16]) -> Vec<u8> {
    let data = u32::try_from(pcm.len() * 2).unwrap_or(u32::MAX - 44);
    let mut out = Vec::with_capacity(44 + pcm.len() * 2);
    out.extend_from_slice(b"RIFF");
    out.extend_from_slice(&(data + 36).to_le_bytes());
    out.extend_from_slice(b"WAVEfmt ");
    out.extend_from_slice(&16u32.to_le_bytes());
    out.extend_from_slice(&1u16.to_le_bytes());
    out.extend_from_slice(&1u16.to_le_bytes());
    out.extend_from_slice(&rate.to_le_bytes());
    out.extend_from_slice(&(rate * 2).to_le_bytes());
    out.extend_from_slice(&2u16.to_le_bytes());
    out.extend_from_slice(&16u16.to_le_bytes());
    out.extend_from_slice(b"data");
    out.extend_from_slice(&data.to_le_bytes());
    for sample in pcm {
        out.extend_from_slice(&sample.to_le_bytes());
    }
    out
}

/// Samples of little-endian bytes, an odd last byte left out.
pub(crate) fn samples(bytes: &[u8]) -> Vec<i16> {
    bytes
        .chunks_exact(2)
        .map(|b| i16::from_le_bytes([b[0], b[1]]))
        .collect()
}

/// One channel of interleaved samples: their mean.
pub(crate) fn to_mono(pcm: &[i16], channels: u16) -> Vec<i16> {
    if channels == 2 {
        pcm.chunks_exact(2)
            .map(|s| ((i32::from(s[0]) + i32::from(s[1])) / 2) as i16)
            .collect()
    } else {
        pcm.to_vec()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_it_writes() {
        let wav = write(16_000, &[1, -2, 3]);
        let Sniff::Wav(format) = sniff(&wav) else {
            panic!("not WAV")
        };
        assert_eq!(
            (format.rate, format.channels, format.bits, format.data_at),
            (16_000, 1, 16, 44)
        );
        assert_eq!(samples(&wav[format.data_at..]), [1, -2, 3]);
    }

    #[test]
    fn every_prefix_asks_for_more_and_never_panics() {
        let wav = write(8_000, &[5; 4]);
        for n in 0..44 {
            assert_eq!(sniff(&wav[..n]), Sniff::More, "{n}");
        }
    }

    #[test]
    fn raw_sound_is_not_wav() {
        assert_eq!(sniff(&[0, 0, 1, 0]), Sniff::Not);
        assert_eq!(sniff(b"RI\0\0"), Sniff::Not);
    }

    #[test]
    fn a_chunk_before_the_samples_is_skipped() {
        let mut wav = write(8_000, &[7]);
        let list = [b"LIST".as_slice(), &3u32.to_le_bytes(), b"abc\0"].concat();
        wav.splice(36..36, list);
        let Sniff::Wav(format) = sniff(&wav) else {
            panic!("not WAV")
        };
        assert_eq!(samples(&wav[format.data_at..]), [7]);
    }

    #[test]
    fn nonsense_is_broken() {
        assert_eq!(sniff(b"RIFF\0\0\0\0AVI LIST\0\0\0\0"), Sniff::Broken);
        let mut wav = write(8_000, &[7]);
        wav[34] = 24;
        assert_eq!(sniff(&wav), Sniff::Broken);
        let mut wav = write(8_000, &[7]);
        wav[16..20].copy_from_slice(&u32::MAX.to_le_bytes());
        assert_eq!(sniff(&wav), Sniff::Broken);
    }

    #[test]
    fn two_channels_become_their_mean() {
        assert_eq!(to_mono(&[10, 20, i16::MIN, i16::MIN], 2), [15, i16::MIN]);
    }
}
