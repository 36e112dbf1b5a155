//! The one destination grammar: `agent:triage`, `ext:201`, `trunk:carrier/+44...`, `echo`.

use crate::Destination;
use std::{fmt, str::FromStr};

/// Stands for the called number in a destination.
pub(crate) const CAPTURE: &str = "{to}";

/// The text is no destination of this version.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadDestination {
    /// No such kind, e.g. `agnet:triage`.
    #[error("`{0}` is no kind of destination")]
    Kind(String),
    /// A kind that a later version has, e.g. `park:`.
    #[error("this version does not have `{0}:` yet")]
    Later(String),
    /// No colon, no name.
    #[error("`{0}` is no destination")]
    Form(String),
    /// What stands after the colon is no name, number or address.
    #[error("{0}")]
    Name(String),
}

/// All kinds of this version, as they are written.
pub(crate) const KINDS: [&str; 14] = [
    "agent:",
    "menu:",
    "ask:",
    "queue:",
    "ext:",
    "outside:",
    "announce:",
    "voicemail:",
    "callback:",
    "conference:",
    "trunk:",
    "sip:",
    "echo",
    "hangup",
];
/// Kinds of later versions.
const LATER: [&str; 4] = ["park", "page", "fax", "hours"];

impl FromStr for Destination {
    type Err = BadDestination;
    fn from_str(text: &str) -> Result<Self, BadDestination> {
        match text {
            "echo" => return Ok(Self::Echo),
            "hangup" => return Ok(Self::Hangup),
            _ => {}
        }
        let Some((kind, name)) = text.split_once(':') else {
            return Err(BadDestination::Form(text.to_owned()));
        };
        if LATER.contains(&kind) {
            return Err(BadDestination::Later(kind.to_owned()));
        }
        let owned = |what: &str, ok: fn(char) -> bool| {
            let rest = name.replace(CAPTURE, "0");
            match name.is_empty() || !rest.chars().all(ok) {
                true => Err(BadDestination::Name(format!(
                    "`{kind}:` is followed by {what}"
                ))),
                false => Ok(name.to_owned()),
            }
        };
        let word = |c: char| c.is_alphanumeric() || matches!(c, '-' | '_' | '.');
        let number =
            |c: char| c.is_ascii_alphanumeric() || matches!(c, '+' | '*' | '#' | '.' | '-' | '_');
        Ok(match kind {
            "agent" => Self::Agent(owned("the name of an agent", word)?),
            "menu" => Self::Menu(owned("the name of a menu", word)?),
            "ask" => Self::Ask(owned("a name of [ask.NAME]", word)?),
            "queue" => Self::Queue(owned("the name of a queue", word)?),
            "outside" => Self::Outside(owned("a name of [outside.NAME]", word)?),
            "announce" => Self::Announce(owned("the name of an announcement", word)?),
            "voicemail" => Self::Voicemail(owned("the name of a mailbox", word)?),
            "callback" => Self::Callback(owned("a name of [callbacks.NAME]", word)?),
            "conference" => Self::Conference(owned("the name of a room", number)?),
            "ext" => Self::Ext(owned("an extension", number)?),
            "trunk" => match name.split_once('/') {
                Some((trunk, to))
                    if !trunk.is_empty()
                        && !to.is_empty()
                        && to.replace(CAPTURE, "0").chars().all(number) =>
                {
                    Self::Trunk(trunk.to_owned(), Some(to.to_owned()))
                }
                Some(_) => {
                    return Err(BadDestination::Name(
                        "`trunk:NAME/NUMBER` needs both".to_owned(),
                    ));
                }
                None => Self::Trunk(owned("the name of a trunk", word)?, None),
            },
            "sip" => Self::Sip(sip(text)?),
            _ => return Err(BadDestination::Kind(format!("{kind}:"))),
        })
    }
}

/// `sip:USER@HOST[:PORT]`; the host is never made from a capture, so a caller cannot choose where
/// we send an INVITE.
fn sip(text: &str) -> Result<String, BadDestination> {
    let bad = |what: &str| Err(BadDestination::Name(what.to_owned()));
    let Some((user, host)) = text.trim_start_matches("sip:").split_once('@') else {
        return bad("a SIP address is written sip:USER@HOST or sip:USER@HOST:PORT");
    };
    if host.contains(['{', '}']) {
        return bad("the host of a SIP address is written out: only the user may be {to}");
    }
    if let Some((_, parameters)) = host.split_once(';')
        && parameters.contains("transport=tls")
    {
        return Err(BadDestination::Later(
            "sip:...;transport=tls".trim_end_matches(':').to_owned(),
        ));
    }
    let plain =
        |c: char| c.is_ascii_graphic() && !matches!(c, '<' | '>' | '"' | '@' | '{' | '}' | ',');
    if user.is_empty()
        || host.is_empty()
        || !user.replace(CAPTURE, "0").chars().all(plain)
        || !host.chars().all(plain)
    {
        return bad("a SIP address is written sip:USER@HOST or sip:USER@HOST:PORT");
    }
    Ok(text.to_owned())
}

impl fmt::Display for Destination {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Agent(n) => write!(f, "agent:{n}"),
            Self::Menu(n) => write!(f, "menu:{n}"),
            Self::Ask(n) => write!(f, "ask:{n}"),
            Self::Queue(n) => write!(f, "queue:{n}"),
            Self::Ext(n) => write!(f, "ext:{n}"),
            Self::Outside(n) => write!(f, "outside:{n}"),
            Self::Announce(n) => write!(f, "announce:{n}"),
            Self::Voicemail(n) => write!(f, "voicemail:{n}"),
            Self::Callback(n) => write!(f, "callback:{n}"),
            Self::Conference(n) => write!(f, "conference:{n}"),
            Self::Echo => f.write_str("echo"),
            Self::Trunk(n, None) => write!(f, "trunk:{n}"),
            Self::Trunk(n, Some(to)) => write!(f, "trunk:{n}/{to}"),
            Self::Sip(uri) => f.write_str(uri),
            Self::Phone(n) => write!(f, "phone:{n}"),
            Self::Messages => f.write_str("messages"),
            Self::Pause(true) => f.write_str("pause"),
            Self::Pause(false) => f.write_str("resume"),
            Self::Emergency { number, .. } => write!(f, "emergency:{number}"),
            Self::Hangup => f.write_str("hangup"),
        }
    }
}

impl Destination {
    /// The same with `{to}` replaced by the called number; `trunk:NAME` alone gets it as its number.
    pub fn filled(&self, called: &str) -> Self {
        let put = |text: &String| text.replace(CAPTURE, called);
        match self {
            Self::Agent(n) => Self::Agent(put(n)),
            Self::Menu(n) => Self::Menu(put(n)),
            Self::Ask(n) => Self::Ask(put(n)),
            Self::Queue(n) => Self::Queue(put(n)),
            Self::Ext(n) => Self::Ext(put(n)),
            Self::Outside(n) => Self::Outside(put(n)),
            Self::Announce(n) => Self::Announce(put(n)),
            Self::Voicemail(n) => Self::Voicemail(put(n)),
            Self::Callback(n) => Self::Callback(put(n)),
            Self::Conference(n) => Self::Conference(put(n)),
            Self::Trunk(n, None) => Self::Trunk(n.clone(), Some(called.to_owned())),
            Self::Trunk(n, Some(to)) => Self::Trunk(n.clone(), Some(put(to))),
            Self::Sip(uri) => Self::Sip(put(uri)),
            Self::Phone(_)
            | Self::Emergency { .. }
            | Self::Pause(_)
            | Self::Messages
            | Self::Echo
            | Self::Hangup => self.clone(),
        }
    }
}
