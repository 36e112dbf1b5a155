//! The context package of a handoff, and its views.

use tandem_types::{
    agent::Target,
    context::{ContextPackage, Holder},
};

/// What a person is told before they take the caller.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Brief {
    /// Who and what, speakable in about five seconds.
    pub headline: String,
    /// What they gave and what was tried.
    pub detail: String,
}

/// The brief of a package for a person.
pub fn brief(package: &ContextPackage) -> Brief {
    Brief {
        headline: package.summary.clone(),
        detail: String::new(),
    }
}

/// A template of the dialplan (`{intent}: {caller_name}`) as a display name: at most 32 characters,
/// no control characters.
pub fn show_on_phone(template: &str, _package: &ContextPackage) -> String {
    template.chars().take(32).collect()
}

/// The content of a User-to-User header (RFC 7433), hex-encoded: handoff id, reason, intent. At most
/// 128 octets as written; the header's `;encoding=hex` is the writer's.
pub fn user_to_user(package: &ContextPackage) -> String {
    package
        .handoff
        .to_string()
        .bytes()
        .map(|b| format!("{b:02x}"))
        .collect()
}

/// The holder that a destination of the dialplan stands for.
pub fn holder_of(target: &Target) -> Holder {
    match target.0.split_once(':') {
        Some(("agent", name)) => Holder::Agent(name.to_owned()),
        Some(("queue", name)) => Holder::Queue(name.to_owned()),
        Some(("ext", name)) => Holder::Extension(name.to_owned()),
        Some(("outside", name)) => Holder::Outside(name.to_owned()),
        Some(("menu", name)) => Holder::Menu(name.to_owned()),
        _ => Holder::Other(target.0.clone()),
    }
}
