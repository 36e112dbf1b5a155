//! What is refused before anybody is asked (RFC 3261 section 8.2, field note 15).

use super::refresh;
use crate::api::EndpointConfig;
use crate::message::{HeaderName, Method, Refusal, Request};

/// The refusal of a request that is well-formed but not for us; `None`: it may go on. Not for ACK and CANCEL.
pub(super) fn refuse(
    config: &EndpointConfig,
    request: &Request,
    in_dialog: bool,
) -> Option<Refusal> {
    None.or_else(|| method(config, request))
        .or_else(|| event(config, request, in_dialog))
        .or_else(|| hops(request, in_dialog))
        .or_else(|| extensions(config, request))
        .or_else(|| body(request))
}

/// 405 or 501 (8.2.1).
fn method(config: &EndpointConfig, request: &Request) -> Option<Refusal> {
    let ours = match &request.method {
        Method::Invite | Method::Bye | Method::Options | Method::Subscribe => true,
        other => config.allow.contains(other),
    };
    if ours {
        return None;
    }
    let status = if matches!(request.method, Method::Other(_)) {
        501
    } else {
        405
    };
    let mut refusal = Refusal::new(status, "");
    refusal.headers.push(HeaderName::Allow, methods(config));
    Some(refusal)
}

/// 489 (RFC 6665 section 4.2.1): SUBSCRIBE for an unknown package, and NOTIFY that nobody asked for. A NOTIFY in
/// a dialog is the user's matter: REFER draws them without a SUBSCRIBE.
fn event(config: &EndpointConfig, request: &Request, in_dialog: bool) -> Option<Refusal> {
    let asked = match request.method {
        Method::Subscribe => true,
        Method::Notify => !in_dialog,
        _ => false,
    };
    if !asked {
        return None;
    }
    let event = request
        .headers
        .first(&HeaderName::Event)
        .unwrap_or_default();
    let package = event.split(';').next().unwrap_or_default().trim();
    if config
        .event_packages
        .iter()
        .any(|p| p.eq_ignore_ascii_case(package))
    {
        return None;
    }
    let mut refusal = Refusal::new(489, "");
    if !config.event_packages.is_empty() {
        refusal
            .headers
            .push(HeaderName::AllowEvents, config.event_packages.join(", "));
    }
    Some(refusal)
}

/// 483. OPTIONS is answered at zero (16.3), REGISTER ends here anyway, and a dialog is not torn for it.
fn hops(request: &Request, in_dialog: bool) -> Option<Refusal> {
    let exempt = in_dialog || matches!(request.method, Method::Options | Method::Register);
    (!exempt && request.headers.max_forwards() == Some(0)).then(|| Refusal::new(483, ""))
}

/// 420 (8.2.2.3).
fn extensions(config: &EndpointConfig, request: &Request) -> Option<Refusal> {
    let timer = config.session_timer.map(|_| refresh::TIMER);
    let known = |tag: &&str| {
        let ours = config.supported.iter().map(String::as_str).chain(timer);
        ours.into_iter().any(|s| s.eq_ignore_ascii_case(tag))
    };
    let unknown: Vec<_> = request
        .headers
        .values(&HeaderName::Require)
        .filter(|tag| !known(tag))
        .collect();
    if unknown.is_empty() {
        return None;
    }
    let mut refusal = Refusal::new(420, "");
    refusal
        .headers
        .push(HeaderName::Unsupported, unknown.join(", "));
    Some(refusal)
}

/// 415 (8.2.3).
fn body(request: &Request) -> Option<Refusal> {
    if request.body.is_empty() {
        return None;
    }
    let mut encodings = request.headers.values(&HeaderName::ContentEncoding);
    if encodings.any(|e| !e.eq_ignore_ascii_case("identity")) {
        let mut refusal = Refusal::new(415, "");
        refusal.headers.push(HeaderName::AcceptEncoding, "identity");
        return Some(refusal);
    }
    let session = matches!(request.method, Method::Invite | Method::Update);
    let disposition = request
        .headers
        .first(&HeaderName::ContentDisposition)
        .unwrap_or_default();
    let optional = disposition
        .to_ascii_lowercase()
        .replace(' ', "")
        .contains("handling=optional");
    if !session || optional || request.body_of_type(SDP).is_some() {
        return None;
    }
    let mut refusal = Refusal::new(415, "");
    refusal.headers.push(HeaderName::Accept, SDP);
    Some(refusal)
}

/// The one body that describes a session.
pub(super) const SDP: &str = "application/sdp";

/// The value of Allow.
pub(super) fn methods(config: &EndpointConfig) -> String {
    config
        .allow
        .iter()
        .map(Method::as_str)
        .collect::<Vec<_>>()
        .join(", ")
}
