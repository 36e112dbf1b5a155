//! Which cell of the dialog machines an input enters, and which there are.

use tandem_sip::api::*;
use tandem_sip::endpoint::Endpoint;
use tandem_sip::message::{Message, Method};

/// The state of the session that an input is for, and what the input is.
pub(crate) fn cell(endpoint: &Endpoint, input: &Input) -> Option<(String, String)> {
    let (session, event) = match input {
        Input::Message { message, .. } => (endpoint.session_of(message)?, message_event(message)),
        Input::TransportFailed { .. } | Input::Closed { .. } => return None,
        Input::Command(command) => command_event(command)?,
    };
    Some((endpoint.state_of(session)?.to_owned(), event))
}

fn message_event(message: &Message) -> String {
    let other = |m: &Method| {
        if matches!(
            m,
            Method::Invite
                | Method::Ack
                | Method::Bye
                | Method::Cancel
                | Method::Update
                | Method::Prack
        ) {
            m.to_string()
        } else {
            "request".to_owned()
        }
    };
    match message {
        Message::Request(r) => format!("< {}", other(&r.method)),
        Message::Response(r) => {
            let method = r.cseq().map(|c| c.method);
            let class = match r.status {
                100..=199 => "1xx",
                200..=299 => "2xx",
                _ => "3xx-6xx",
            };
            let method = method.as_ref().map(other).unwrap_or_default();
            format!("< {class} {method}")
        }
    }
}

fn command_event(command: &Command) -> Option<(SessionId, String)> {
    Some(match command {
        Command::Progress { session, .. } => (*session, "progress".into()),
        Command::Accept { session, .. } => (*session, "accept".into()),
        Command::Reject { session, .. } => (*session, "reject".into()),
        Command::Ack { session, .. } => (*session, "ack".into()),
        Command::Hangup { session, .. } => (*session, "hangup".into()),
        Command::Request {
            session, method, ..
        } => {
            let what = match method {
                Method::Invite => "reinvite",
                Method::Update => "update",
                _ => "request",
            };
            (*session, what.into())
        }
        Command::Invite { .. }
        | Command::Respond { .. }
        | Command::Send { .. }
        | Command::SendAsIs { .. }
        | Command::Drain { .. } => return None,
    })
}

/// The cells that are entered 20 times in 50,000 steps, 168 of them. `timer` is no state: these are the deadlines that came.
#[rustfmt::skip]
pub(crate) const CELLS: &[(&str, &str)] = &[
    ("calling", "< 1xx INVITE"),
    ("calling", "< 2xx INVITE"),
    ("calling", "< 3xx-6xx INVITE"),
    ("calling", "accept"),
    ("calling", "ack"),
    ("calling", "hangup"),
    ("calling", "progress"),
    ("calling", "reinvite"),
    ("calling", "reject"),
    ("calling", "request"),
    ("calling", "update"),
    ("cancelling", "< 1xx INVITE"),
    ("cancelling", "< 2xx CANCEL"),
    ("cancelling", "< 2xx INVITE"),
    ("cancelling", "< 3xx-6xx INVITE"),
    ("cancelling", "accept"),
    ("cancelling", "ack"),
    ("cancelling", "hangup"),
    ("cancelling", "progress"),
    ("cancelling", "reinvite"),
    ("cancelling", "request"),
    ("cancelling", "update"),
    ("closing", "< 1xx INVITE"),
    ("closing", "< 2xx BYE"),
    ("closing", "< 2xx CANCEL"),
    ("closing", "< 2xx INVITE"),
    ("closing", "< 2xx request"),
    ("closing", "< 3xx-6xx BYE"),
    ("closing", "< 3xx-6xx INVITE"),
    ("closing", "< 3xx-6xx UPDATE"),
    ("closing", "< 3xx-6xx request"),
    ("closing", "< ACK"),
    ("closing", "< BYE"),
    ("closing", "< CANCEL"),
    ("closing", "< INVITE"),
    ("closing", "< UPDATE"),
    ("closing", "< request"),
    ("closing", "accept"),
    ("closing", "ack"),
    ("closing", "progress"),
    ("closing", "reinvite"),
    ("closing", "request"),
    ("closing", "update"),
    ("invited", "< 3xx-6xx UPDATE"),
    ("invited", "< 3xx-6xx request"),
    ("invited", "< ACK"),
    ("invited", "< CANCEL"),
    ("invited", "< INVITE"),
    ("invited", "< PRACK"),
    ("invited", "< UPDATE"),
    ("invited", "< request"),
    ("invited", "accept"),
    ("invited", "ack"),
    ("invited", "hangup"),
    ("invited", "progress"),
    ("invited", "reinvite"),
    ("invited", "reject"),
    ("invited", "request"),
    ("invited", "update"),
    ("proceeding", "< 1xx INVITE"),
    ("proceeding", "< 2xx INVITE"),
    ("proceeding", "< 2xx PRACK"),
    ("proceeding", "< 3xx-6xx INVITE"),
    ("proceeding", "< UPDATE"),
    ("proceeding", "< request"),
    ("proceeding", "accept"),
    ("proceeding", "ack"),
    ("proceeding", "hangup"),
    ("proceeding", "progress"),
    ("proceeding", "reinvite"),
    ("proceeding", "reject"),
    ("proceeding", "request"),
    ("proceeding", "update"),
    ("timer", "sip timer A: repeat INVITE"),
    ("timer", "sip timer D: absorb final responses"),
    ("timer", "sip timer E: repeat request"),
    ("timer", "sip timer F: request without response"),
    ("timer", "sip timer G: repeat final response"),
    ("timer", "sip timer H: final response without ACK"),
    ("timer", "sip timer I: absorb ACKs"),
    ("timer", "sip timer J: absorb requests"),
    ("timer", "sip timer K: absorb responses"),
    ("timer", "sip timer L: absorb INVITEs"),
    ("timer", "sip timer M: take further 2xx"),
    ("timer", "sip: refresh the session"),
    ("timer", "sip: repeat 1xx"),
    ("timer", "sip: repeat 2xx"),
    ("timer", "sip: repeat reliable 1xx"),
    ("up", "< 2xx INVITE"),
    ("up", "< 2xx UPDATE"),
    ("up", "< 2xx request"),
    ("up", "< 3xx-6xx INVITE"),
    ("up", "< 3xx-6xx UPDATE"),
    ("up", "< 3xx-6xx request"),
    ("up", "< ACK"),
    ("up", "< BYE"),
    ("up", "< INVITE"),
    ("up", "< UPDATE"),
    ("up", "< request"),
    ("up", "accept"),
    ("up", "ack"),
    ("up", "hangup"),
    ("up", "progress"),
    ("up", "reinvite"),
    ("up", "reject"),
    ("up", "request"),
    ("up", "update"),
    ("up, await ack", "< 2xx request"),
    ("up, await ack", "< 3xx-6xx UPDATE"),
    ("up, await ack", "< 3xx-6xx request"),
    ("up, await ack", "< ACK"),
    ("up, await ack", "< BYE"),
    ("up, await ack", "< INVITE"),
    ("up, await ack", "< UPDATE"),
    ("up, await ack", "< request"),
    ("up, await ack", "accept"),
    ("up, await ack", "ack"),
    ("up, await ack", "hangup"),
    ("up, await ack", "progress"),
    ("up, await ack", "reinvite"),
    ("up, await ack", "reject"),
    ("up, await ack", "request"),
    ("up, await ack", "update"),
    ("up, ours", "< 1xx INVITE"),
    ("up, ours", "< 2xx INVITE"),
    ("up, ours", "< 2xx request"),
    ("up, ours", "< 3xx-6xx INVITE"),
    ("up, ours", "< 3xx-6xx UPDATE"),
    ("up, ours", "< 3xx-6xx request"),
    ("up, ours", "< ACK"),
    ("up, ours", "< BYE"),
    ("up, ours", "< INVITE"),
    ("up, ours", "< UPDATE"),
    ("up, ours", "< request"),
    ("up, ours", "accept"),
    ("up, ours", "ack"),
    ("up, ours", "hangup"),
    ("up, ours", "progress"),
    ("up, ours", "reinvite"),
    ("up, ours", "reject"),
    ("up, ours", "request"),
    ("up, ours", "update"),
    ("up, owe ack", "< 1xx INVITE"),
    ("up, owe ack", "< 2xx INVITE"),
    ("up, owe ack", "< 2xx request"),
    ("up, owe ack", "< 3xx-6xx INVITE"),
    ("up, owe ack", "< 3xx-6xx UPDATE"),
    ("up, owe ack", "< 3xx-6xx request"),
    ("up, owe ack", "< UPDATE"),
    ("up, owe ack", "< request"),
    ("up, owe ack", "accept"),
    ("up, owe ack", "ack"),
    ("up, owe ack", "hangup"),
    ("up, owe ack", "progress"),
    ("up, owe ack", "reinvite"),
    ("up, owe ack", "reject"),
    ("up, owe ack", "request"),
    ("up, owe ack", "update"),
    ("up, theirs", "< 2xx request"),
    ("up, theirs", "< 3xx-6xx UPDATE"),
    ("up, theirs", "< UPDATE"),
    ("up, theirs", "< request"),
    ("up, theirs", "accept"),
    ("up, theirs", "ack"),
    ("up, theirs", "progress"),
    ("up, theirs", "reinvite"),
    ("up, theirs", "request"),
    ("up, theirs", "update"),
];

/// Those that are met too seldom for that: 20 times in 1,000,000 steps.
#[rustfmt::skip]
pub(crate) const RARE: &[(&str, &str)] = &[
    ("cancelling", "< UPDATE"),
    ("cancelling", "< request"),
    ("cancelling", "reject"),
    ("closing", "< 2xx UPDATE"),
    ("closing", "hangup"),
    ("closing", "reject"),
    ("invited", "< 2xx UPDATE"),
    ("invited", "< 2xx request"),
    ("proceeding", "< 2xx request"),
    ("proceeding", "< 3xx-6xx UPDATE"),
    ("proceeding", "< 3xx-6xx request"),
    ("up", "< 1xx INVITE"),
    ("up, await ack", "< CANCEL"),
    ("up, ours", "< 2xx UPDATE"),
    ("up, owe ack", "< BYE"),
    ("up, theirs", "< 3xx-6xx request"),
    ("up, theirs", "< ACK"),
    ("up, theirs", "< BYE"),
    ("up, theirs", "< INVITE"),
    ("up, theirs", "hangup"),
    ("up, theirs", "reject"),
];
