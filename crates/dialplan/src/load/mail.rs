//! `[mail]` of `tandem.toml`: how mail about messages goes out.

use super::{
    Load,
    read::{Section, Text},
    values::good_host,
};
use crate::{Mail, MailTls};

const KINDS: [(&str, MailTls); 3] = [
    ("starttls", MailTls::Starttls),
    ("implicit", MailTls::Implicit),
    ("off", MailTls::Off),
];

impl<'a> Load<'a> {
    /// | key | default |
    /// |---|---|
    /// | `server` | needed: `mail.example`, or with a port |
    /// | `tls` | `starttls`; also `implicit`, `off` |
    /// | `from` | needed |
    /// | `username`, `password` | none |
    /// | `ca` | the machine's own authorities alone |
    pub(super) fn mail(&self, s: &Section<'a>) -> Option<Mail> {
        let tls = s.opt("tls").and_then(|v| v.choice(&KINDS, &[]));
        let tls = tls.unwrap_or_default();
        let server = s
            .need("server", "\"mail.northgate.example\"")
            .and_then(|v| v.words());
        let from = s
            .need("from", "\"Northgate <voicemail@northgate.example>\"")
            .and_then(|v| v.words())
            .filter(is_address);
        let user = s.opt("username").and_then(|v| v.words());
        let password = s.opt("password");
        match (&user, &password) {
            (Some(user), None) => drop(
                user.spot
                    .error("a user without a password")
                    .help("add password = \"file:secrets/mail\""),
            ),
            (None, Some(v)) => drop(
                v.spot
                    .error("a password without a user")
                    .help("add username = \"...\""),
            ),
            (Some(user), Some(_)) if tls == MailTls::Off => drop(
                user.spot
                    .error("the password would go over the network in clear")
                    .help("take tls = \"off\" out"),
            ),
            _ => {}
        }
        let login = user.zip(password.and_then(|v| v.secret(self.secrets)));
        let ca = s.opt("ca").and_then(|v| v.words());
        if let Some(text) = ca.as_ref().filter(|t| !(self.exists)(&t.value)) {
            text.spot
                .error(format!("there is no file {:?}", text.value))
                .help("a path from the configuration's directory");
        }
        let server = server?;
        let usual = match tls {
            MailTls::Starttls => 587,
            MailTls::Implicit => 465,
            MailTls::Off => 25,
        };
        let (host, port) = match server.value.rsplit_once(':') {
            Some((host, port)) if !port.ends_with(']') => (host, port.parse().ok()),
            _ => (server.value.as_str(), Some(usual)),
        };
        let Some(port) = port.filter(|_| good_host(host)) else {
            server
                .spot
                .error(format!("{:?} is no mail server", server.value))
                .help("write its name, and its port where that is another than usual: \"mail.northgate.example:587\"");
            return None;
        };
        Some(Mail {
            host: host.to_owned(),
            port,
            tls,
            login: login.map(|(user, password)| (user.value, password)),
            from: from?.value,
            ca: ca.map(|t| t.value),
        })
    }
}

/// `USER@HOST`, or `NAME <USER@HOST>`.
pub(super) fn is_address(text: &Text<'_>) -> bool {
    let bare = match text.value.split_once('<') {
        Some((_, rest)) => rest.strip_suffix('>').unwrap_or(""),
        None => &text.value,
    };
    let good = bare.split_once('@').is_some_and(|(user, host)| {
        let plain = |c: char| c.is_ascii_graphic() && !"<>()[],;:\\\"@".contains(c);
        !user.is_empty() && user.chars().all(plain) && good_host(host)
    });
    if !good {
        text.spot
            .error(format!("{:?} is no mail address", text.value))
            .help("write it like \"voicemail@northgate.example\"");
    }
    good
}
