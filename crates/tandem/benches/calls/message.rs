//! Just enough SIP to place, answer and end a call: texts in, texts out. A full stack here would cost more than the
//! device that is measured.

use std::net::SocketAddr;

/// All values of a header, in order.
fn values<'a>(text: &'a str, name: &'a str) -> impl Iterator<Item = &'a str> {
    let head = text.split("\r\n\r\n").next().unwrap_or_default();
    head.split("\r\n").skip(1).filter_map(move |line| {
        let (key, value) = line.split_once(':')?;
        key.trim().eq_ignore_ascii_case(name).then(|| value.trim())
    })
}

/// The first value of a header.
pub(crate) fn value<'a>(text: &'a str, name: &'a str) -> &'a str {
    values(text, name).next().unwrap_or_default()
}

/// The status of a response; `None`: a request.
pub(crate) fn status(text: &str) -> Option<u16> {
    text.strip_prefix("SIP/2.0 ")?.get(..3)?.parse().ok()
}

/// What a caller knows of its dialog.
#[derive(Default)]
pub(crate) struct Dialog {
    to: String,
    target: String,
    routes: String,
}

impl Dialog {
    /// From the 200 to an INVITE.
    pub(crate) fn answered(ok: &str) -> Self {
        let contact = value(ok, "Contact");
        let target = contact
            .split_once('<')
            .and_then(|(_, rest)| rest.split_once('>'))
            .map_or(contact, |(uri, _)| uri);
        let mut routes: Vec<&str> = values(ok, "Record-Route").collect();
        routes.reverse();
        Self {
            to: value(ok, "To").to_owned(),
            target: target.to_owned(),
            routes: routes.iter().map(|r| format!("Route: {r}\r\n")).collect(),
        }
    }
}

/// The caller of all calls of a run.
pub(crate) struct Caller {
    /// Where it is.
    pub(crate) at: SocketAddr,
    /// The device.
    pub(crate) device: SocketAddr,
    /// Tells runs apart.
    pub(crate) run: u64,
    /// Whom call `n` is to.
    pub(crate) user: fn(usize) -> String,
}

impl Caller {
    /// The number of the call that a Call-ID of this run is of.
    pub(crate) fn number(&self, call_id: &str) -> Option<usize> {
        let (run, n) = call_id.split('@').next()?.split_once('x')?;
        (run.parse() == Ok(self.run)).then(|| n.parse().ok())?
    }

    pub(crate) fn invite(&self, n: usize, sdp: &str) -> String {
        let (at, run, device) = (self.at, self.run, self.device);
        let user = (self.user)(n);
        format!(
            "INVITE sip:{user}@{device} SIP/2.0\r\nVia: SIP/2.0/UDP {at};branch=z9hG4bKi{run}x{n};rport\r\n\
             Max-Forwards: 70\r\nFrom: <sip:load@{at}>;tag=f{run}x{n}\r\nTo: <sip:{user}@{device}>\r\n\
             Call-ID: {run}x{n}@load\r\nCSeq: 1 INVITE\r\nContact: <sip:load@{at}>\r\n\
             Allow: INVITE, ACK, BYE, CANCEL, OPTIONS, UPDATE\r\nUser-Agent: load\r\n\
             Content-Type: application/sdp\r\nContent-Length: {}\r\n\r\n{sdp}",
            sdp.len()
        )
    }

    /// For a 2xx, in a dialog; for a refusal, on the INVITE's branch (RFC 3261 section 17.1.1.3).
    pub(crate) fn ack(&self, n: usize, dialog: Option<&Dialog>, to: &str) -> String {
        let (at, run, device) = (self.at, self.run, self.device);
        let (kind, target, routes) = match dialog {
            Some(d) => ('a', d.target.clone(), d.routes.as_str()),
            None => ('i', format!("sip:{}@{device}", (self.user)(n)), ""),
        };
        format!(
            "ACK {target} SIP/2.0\r\nVia: SIP/2.0/UDP {at};branch=z9hG4bK{kind}{run}x{n};rport\r\n{routes}\
             Max-Forwards: 70\r\nFrom: <sip:load@{at}>;tag=f{run}x{n}\r\nTo: {to}\r\nCall-ID: {run}x{n}@load\r\n\
             CSeq: 1 ACK\r\nContent-Length: 0\r\n\r\n"
        )
    }

    pub(crate) fn ack_answer(&self, n: usize, dialog: &Dialog) -> String {
        self.ack(n, Some(dialog), &dialog.to)
    }

    pub(crate) fn bye(&self, n: usize, dialog: &Dialog) -> String {
        let (at, run) = (self.at, self.run);
        let Dialog { to, target, routes } = dialog;
        format!(
            "BYE {target} SIP/2.0\r\nVia: SIP/2.0/UDP {at};branch=z9hG4bKb{run}x{n};rport\r\n{routes}\
             Max-Forwards: 70\r\nFrom: <sip:load@{at}>;tag=f{run}x{n}\r\nTo: {to}\r\nCall-ID: {run}x{n}@load\r\n\
             CSeq: 2 BYE\r\nContent-Length: 0\r\n\r\n"
        )
    }

    pub(crate) fn options(&self, n: u64) -> String {
        let (at, run, device) = (self.at, self.run, self.device);
        format!(
            "OPTIONS sip:{device} SIP/2.0\r\nVia: SIP/2.0/UDP {at};branch=z9hG4bKo{run}x{n};rport\r\n\
             Max-Forwards: 70\r\nFrom: <sip:load@{at}>;tag=o{run}x{n}\r\nTo: <sip:{device}>\r\n\
             Call-ID: o{run}-{n}@load\r\nCSeq: 1 OPTIONS\r\nContent-Length: 0\r\n\r\n"
        )
    }
}

/// The digits of whom a request is to.
pub(crate) fn called(request: &str) -> Option<usize> {
    let (_, uri) = request.split_once("sip:")?;
    uri.split_once('@')?
        .0
        .trim_start_matches(|c: char| !c.is_ascii_digit())
        .parse()
        .ok()
}

/// A response of the callee at `at`, with a description or without.
pub(crate) fn reply(request: &str, line: &str, at: SocketAddr, sdp: &str) -> String {
    let mut text = format!("SIP/2.0 {line}\r\n");
    for name in ["Via", "Record-Route"] {
        for v in values(request, name) {
            text.push_str(&format!("{name}: {v}\r\n"));
        }
    }
    let to = value(request, "To");
    let tag = if to.contains("tag=") {
        ""
    } else {
        ";tag=callee"
    };
    let kind = match sdp {
        "" => "",
        _ => "Content-Type: application/sdp\r\n",
    };
    text.push_str(&format!(
        "From: {}\r\nTo: {to}{tag}\r\nCall-ID: {}\r\nCSeq: {}\r\nContact: <sip:callee@{at}>\r\n{kind}Content-Length: {}\r\n\r\n{sdp}",
        value(request, "From"),
        value(request, "Call-ID"),
        value(request, "CSeq"),
        sdp.len()
    ));
    text
}
