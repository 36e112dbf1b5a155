//! A glance at a SIP message, for ladders and for rules of the network. Not a parser: what has no
//! start line is no message, everything else is taken as it stands.

/// What a line of a ladder shows of a message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Glance<'a> {
    text: &'a str,
    first: &'a str,
}

impl<'a> Glance<'a> {
    /// `None` if this is no SIP message.
    pub fn of(bytes: &'a [u8]) -> Option<Self> {
        let text = std::str::from_utf8(bytes).ok()?;
        let first = text.lines().next()?;
        (first.ends_with("SIP/2.0") || first.starts_with("SIP/2.0 "))
            .then_some(Self { text, first })
    }

    /// The method of a request; `None` for a response.
    pub fn method(&self) -> Option<&'a str> {
        if self.first.starts_with("SIP/2.0") {
            None
        } else {
            self.first.split(' ').next()
        }
    }

    /// The status of a response; `None` for a request.
    pub fn status(&self) -> Option<u16> {
        self.first
            .strip_prefix("SIP/2.0 ")?
            .split(' ')
            .next()?
            .parse()
            .ok()
    }

    /// The method of the request, or of the request that the response is to.
    pub fn cseq_method(&self) -> &'a str {
        self.header("CSeq")
            .and_then(|v| v.split_whitespace().nth(1))
            .unwrap_or("")
    }

    /// The Request-URI's user part, or all of it where it has none.
    pub fn target(&self) -> &'a str {
        let uri = self.first.split(' ').nth(1).unwrap_or("");
        let rest = uri.split_once(':').map_or(uri, |(_, rest)| rest);
        rest.split(['@', ';', '?']).next().unwrap_or(rest)
    }

    /// The Call-ID.
    pub fn call_id(&self) -> &'a str {
        self.header("Call-ID")
            .or_else(|| self.header("i"))
            .unwrap_or("")
    }

    /// The first header of that name (in its long form), whatever its case.
    pub fn header(&self, name: &str) -> Option<&'a str> {
        let head = self.text.split("\r\n\r\n").next()?;
        head.lines().skip(1).find_map(|line| {
            let (n, value) = line.split_once(':')?;
            n.trim().eq_ignore_ascii_case(name).then(|| value.trim())
        })
    }

    /// The body.
    pub fn body(&self) -> &'a str {
        self.text
            .split_once("\r\n\r\n")
            .map_or("", |(_, body)| body)
    }

    /// A request of that method.
    pub fn is(&self, method: &str) -> bool {
        self.method() == Some(method)
    }

    /// A response of that status to that method.
    pub fn is_response(&self, status: u16, method: &str) -> bool {
        self.status() == Some(status) && self.cseq_method() == method
    }

    /// What a ladder says: `INVITE 200 (sdp)`, `200 OK to INVITE (sdp sendonly)`, `NOTIFY 180 Ringing`.
    pub fn label(&self) -> String {
        let mut out = match self.method() {
            Some(method @ ("INVITE" | "REGISTER")) if !self.in_dialog() => {
                format!("{method} {}", self.target()).trim_end().to_owned()
            }
            Some("INVITE") => "re-INVITE".to_owned(),
            Some(method) => method.to_owned(),
            None => {
                let phrase = self.first.strip_prefix("SIP/2.0 ").unwrap_or(self.first);
                format!("{phrase} to {}", self.cseq_method())
            }
        };
        if let Some(to) = self.header("Refer-To") {
            out += &format!(" to {}", shown_uri(to));
        }
        if let Some(fragment) = self
            .body()
            .strip_prefix("SIP/2.0 ")
            .filter(|_| self.is("NOTIFY"))
        {
            out += &format!(" {}", fragment.lines().next().unwrap_or(""));
        }
        if let Some(reason) = self.header("Reason") {
            let text = reason
                .split("text=")
                .nth(1)
                .unwrap_or(reason)
                .trim_matches('"');
            out += &format!(" ({text})");
        }
        if self.body().starts_with("v=0") {
            out += &self.media();
        }
        out
    }

    /// The direction of a session description, unless it is both ways.
    fn media(&self) -> String {
        let zero = self.body().contains("c=IN IP4 0.0.0.0");
        let direction = ["sendonly", "recvonly", "inactive"]
            .into_iter()
            .find(|d| self.body().lines().any(|l| l.strip_prefix("a=") == Some(d)));
        match direction {
            Some(d) => format!(" (sdp {d})"),
            None if zero => " (sdp 0.0.0.0)".to_owned(),
            None => " (sdp)".to_owned(),
        }
    }

    /// Whom it calls: the target of an INVITE that begins a dialog, or where a REFER sends its receiver.
    pub fn dials(&self) -> Option<&'a str> {
        match self.method()? {
            "INVITE" if !self.in_dialog() => Some(self.target()),
            "REFER" => self.header("Refer-To").map(shown_uri),
            _ => None,
        }
    }

    fn in_dialog(&self) -> bool {
        self.header("To")
            .or_else(|| self.header("t"))
            .is_some_and(|to| to.contains("tag="))
    }
}

/// `<sip:200@host?Replaces=...>` as `200`.
fn shown_uri(value: &str) -> &str {
    let uri = value.split_once('<').map_or(value, |(_, uri)| uri);
    let rest = uri.split_once(':').map_or(uri, |(_, rest)| rest);
    rest.split(['@', ';', '?', '>']).next().unwrap_or(rest)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_say_what_an_admin_looks_for() {
        let invite = b"INVITE sip:200@10.0.1.2 SIP/2.0\r\nTo: <sip:200@x>\r\nCSeq: 1 INVITE\r\n\r\nv=0\r\na=sendonly\r\n";
        assert_eq!(
            Glance::of(invite).unwrap().label(),
            "INVITE 200 (sdp sendonly)"
        );
        let again = b"INVITE sip:a SIP/2.0\r\nTo: <sip:200@x>;tag=1\r\nCSeq: 2 INVITE\r\n\r\n";
        assert_eq!(Glance::of(again).unwrap().label(), "re-INVITE");
        let ok = b"SIP/2.0 200 OK\r\nCSeq: 1 INVITE\r\n\r\nv=0\r\n";
        assert_eq!(Glance::of(ok).unwrap().label(), "200 OK to INVITE (sdp)");
        assert!(Glance::of(ok).unwrap().is_response(200, "INVITE"));
        let cancel = b"CANCEL sip:a SIP/2.0\r\nReason: SIP;cause=200;text=\"Call completed elsewhere\"\r\n\r\n";
        assert_eq!(
            Glance::of(cancel).unwrap().label(),
            "CANCEL (Call completed elsewhere)"
        );
        let refer = b"REFER sip:a SIP/2.0\r\nRefer-To: <sip:+4420@carrier;user=phone>\r\n\r\n";
        assert_eq!(Glance::of(refer).unwrap().label(), "REFER to +4420");
        assert_eq!(Glance::of(refer).unwrap().dials(), Some("+4420"));
        assert_eq!(Glance::of(invite).unwrap().dials(), Some("200"));
        assert_eq!(Glance::of(again).unwrap().dials(), None);
        let notify = b"NOTIFY sip:a SIP/2.0\r\n\r\nSIP/2.0 180 Ringing\r\n";
        assert_eq!(Glance::of(notify).unwrap().label(), "NOTIFY 180 Ringing");
        assert_eq!(Glance::of(b"\x80\x00rtp"), None);
    }
}
