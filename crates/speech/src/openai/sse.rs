//! Server-sent events (WHATWG HTML, section 9.2.6), the part that chat streams use: `data` lines, joined
//! until an empty line. Line ends may be LF, CRLF or CR, torn anywhere on the wire.

use tandem_types::provider::ProviderFault;

/// One event is never longer: no piece of an answer is.
const MAX_EVENT: usize = 256 << 10;

/// Turns bytes into the data of events.
#[derive(Debug, Default)]
pub(super) struct Events {
    line: Vec<u8>,
    data: Vec<u8>,
    has_data: bool,
    /// The last byte was CR: an LF now belongs to it.
    after_cr: bool,
    begun: bool,
}

impl Events {
    /// Takes bytes as they come and appends the data of each event that they complete.
    ///
    /// # Errors
    /// `Malformed` where an event has no end within bounds, or is no UTF-8.
    pub(super) fn take(
        &mut self,
        bytes: &[u8],
        out: &mut Vec<String>,
    ) -> Result<(), ProviderFault> {
        for &byte in bytes {
            match byte {
                b'\n' if std::mem::take(&mut self.after_cr) => {}
                b'\n' => self.end_of_line(out)?,
                b'\r' => {
                    self.end_of_line(out)?;
                    self.after_cr = true;
                }
                _ => {
                    self.after_cr = false;
                    if self.line.len() + self.data.len() >= MAX_EVENT {
                        return Err(ProviderFault::Malformed);
                    }
                    self.line.push(byte);
                }
            }
        }
        Ok(())
    }

    /// The body is over: an event without its empty line counts (some servers end so).
    pub(super) fn end(&mut self, out: &mut Vec<String>) -> Result<(), ProviderFault> {
        if !self.line.is_empty() {
            self.end_of_line(out)?;
        }
        self.end_of_event(out)
    }

    fn end_of_line(&mut self, out: &mut Vec<String>) -> Result<(), ProviderFault> {
        let line = std::mem::take(&mut self.line);
        let line = match line.strip_prefix(b"\xef\xbb\xbf") {
            Some(rest) if !self.begun => rest,
            _ => &line[..],
        };
        self.begun = true;
        if line.is_empty() {
            return self.end_of_event(out);
        }
        // Comments begin with a colon; `event`, `id` and `retry` mean nothing here.
        if let Some(data) = line.strip_prefix(b"data:") {
            if std::mem::replace(&mut self.has_data, true) {
                self.data.push(b'\n');
            }
            self.data
                .extend_from_slice(data.strip_prefix(b" ").unwrap_or(data));
        }
        Ok(())
    }

    fn end_of_event(&mut self, out: &mut Vec<String>) -> Result<(), ProviderFault> {
        if std::mem::take(&mut self.has_data) {
            let data = String::from_utf8(std::mem::take(&mut self.data));
            out.push(data.map_err(|_| ProviderFault::Malformed)?);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(pieces: &[&[u8]]) -> Result<Vec<String>, ProviderFault> {
        let (mut events, mut out) = (Events::default(), Vec::new());
        for piece in pieces {
            events.take(piece, &mut out)?;
        }
        events.end(&mut out)?;
        Ok(out)
    }

    #[test]
    fn line_ends_of_each_kind_spaces_comments_and_other_fields() {
        let stream = b"\xef\xbb\xbfdata: a\n\n: ping\n\nevent: x\r\ndata:b\r\nid: 3\r\n\r\ndata:  c\rdata: d\r\rdata\n\n";
        assert_eq!(
            all(&[stream]),
            Ok(vec!["a".into(), "b".into(), " c\nd".into()])
        );
    }

    #[test]
    fn torn_at_every_byte() {
        let stream = "data: grüß\r\n\r\ndata: [DONE]\r\n\r\n".as_bytes();
        for at in 0..stream.len() {
            assert_eq!(
                all(&[&stream[..at], &stream[at..]]),
                Ok(vec!["grüß".into(), "[DONE]".into()]),
                "{at}"
            );
        }
    }

    #[test]
    fn the_last_event_needs_no_empty_line() {
        assert_eq!(
            all(&[b"data: a\n\ndata: b"]),
            Ok(vec!["a".into(), "b".into()])
        );
    }

    #[test]
    fn no_utf8_and_no_end_are_malformed() {
        assert_eq!(all(&[b"data: \xff\n\n"]), Err(ProviderFault::Malformed));
        assert_eq!(
            all(&[&vec![b'x'; MAX_EVENT + 1]]),
            Err(ProviderFault::Malformed)
        );
    }
}
