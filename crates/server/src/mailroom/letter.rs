//! A mail about a message, and the server that takes it.

use lettre::{
    Address, AsyncSmtpTransport, AsyncTransport, Message, Tokio1Executor,
    message::{Attachment, Mailbox, MultiPart, SinglePart, header::ContentType},
    transport::smtp::{
        authentication::Credentials,
        client::{Certificate, Tls, TlsParameters},
        extension::ClientId,
    },
};
use std::{path::Path, time::Duration};
use tandem_dialplan::{Mail, MailTls};
use tandem_store::MessageRow;
use tandem_types::Wall;

/// For each answer of the server.
const PATIENCE: Duration = Duration::from_secs(30);

/// A mail that is to be written.
pub(super) struct Letter<'a> {
    pub(super) row: &'a MessageRow,
    pub(super) words: Option<String>,
    pub(super) to: &'a [String],
    pub(super) from: &'a str,
    pub(super) node: &'a str,
    /// When the message was left, by the clock of its dialplan.
    pub(super) local: Wall,
    /// Its sound, or why there is none.
    pub(super) wav: Result<Vec<u8>, String>,
    pub(super) attach: bool,
}

/// Gives a letter to the server. The error is for people.
pub(super) async fn post(
    mail: &Mail,
    config_dir: &Path,
    node: &str,
    letter: Letter<'_>,
) -> Result<(), String> {
    let message = written(letter)?;
    let transport = transport(mail, config_dir, node)?;
    transport.send(message).await.map_err(|e| told(&e))?;
    Ok(())
}

/// With what lies behind it: "connection error" alone says little.
fn told(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut behind = error.source();
    while let Some(cause) = behind {
        let more = cause.to_string();
        if !text.contains(&more) {
            text += &format!(": {more}");
        }
        behind = cause.source();
    }
    text
}

fn transport(
    mail: &Mail,
    config_dir: &Path,
    node: &str,
) -> Result<AsyncSmtpTransport<Tokio1Executor>, String> {
    let parameters = || -> Result<TlsParameters, String> {
        let mut builder = TlsParameters::builder(mail.host.clone());
        if let Some(file) = &mail.ca {
            let path = config_dir.join(file);
            let pem = std::fs::read(&path).map_err(|e| format!("{}: {e}", path.display()))?;
            let certificate = Certificate::from_pem(&pem).map_err(|e| told(&e))?;
            builder = builder.add_root_certificate(certificate);
        }
        builder.build().map_err(|e| told(&e))
    };
    let tls = match mail.tls {
        MailTls::Starttls => Tls::Required(parameters()?),
        MailTls::Implicit => Tls::Wrapper(parameters()?),
        MailTls::Off => Tls::None,
    };
    let mut builder = AsyncSmtpTransport::<Tokio1Executor>::builder_dangerous(&mail.host)
        .port(mail.port)
        .tls(tls)
        .hello_name(ClientId::Domain(node.to_owned()))
        .timeout(Some(PATIENCE));
    if let Some((user, password)) = &mail.login {
        builder = builder.credentials(Credentials::new(user.clone(), password.0.clone()));
    }
    Ok(builder.build())
}

fn address(text: &str) -> Result<Mailbox, String> {
    text.parse().map_err(|e| format!("{text}: {e}"))
}

fn written(letter: Letter<'_>) -> Result<Message, String> {
    let (row, local) = (letter.row, letter.local);
    let from = match row.from.as_str() {
        "" => "a withheld number",
        from => from,
    };
    let sender = address(letter.from)?;
    let domain = Address::domain(&sender.email).to_owned();
    let mut builder = Message::builder()
        .from(sender)
        .subject(format!("Voicemail from {from}"))
        .message_id(Some(format!("<{}@{domain}>", row.message)))
        .date(lettre_time(row.started));
    for to in letter.to {
        builder = builder.to(address(to)?);
    }
    let clock = local.to_string();
    let (day, time) = clock.split_at(clock.find('T').unwrap_or(0));
    let seconds = match row.ms {
        Some(ms) if ms > 0 => format!("{} s", ms.div_ceil(1000)),
        _ => "cut off".to_owned(),
    };
    let mut text = format!(
        "From: {from}\nLeft: {day} {}\nLength: {seconds}\nMailbox: {}\nMessage: {} (on {})\n",
        time.get(1..6).unwrap_or_default(),
        row.mailbox,
        row.message,
        letter.node,
    );
    if let Some(words) = &letter.words {
        text += &format!("\n{words}\n");
    }
    let sound = match (letter.attach, letter.wav) {
        (false, _) => None,
        (true, Ok(wav)) => Some(wav),
        (true, Err(why)) => {
            text += &format!("\nIts sound cannot be read: {why}\n");
            None
        }
    };
    let parts = MultiPart::mixed().singlepart(SinglePart::plain(text));
    let parts = match sound {
        Some(wav) => {
            let kind = ContentType::parse("audio/wav").map_err(|e| told(&e))?;
            // Short enough for one line: what continues on the next (RFC 2231) some mail programs cannot read.
            let time = time.get(1..6).unwrap_or_default().replace(':', "");
            let name = format!("voicemail-{day}-{time}.wav");
            parts.singlepart(Attachment::new(name).body(wav, kind))
        }
        None => parts,
    };
    builder.multipart(parts).map_err(|e| told(&e))
}

fn lettre_time(at: Wall) -> std::time::SystemTime {
    let micros = u64::try_from(at.0).unwrap_or(0);
    std::time::UNIX_EPOCH + Duration::from_micros(micros)
}

#[cfg(test)]
mod tests {
    use super::*;
    use tandem_types::{CallId, MessageId};

    fn letter<'a>(row: &'a MessageRow, to: &'a [String], wav: Result<Vec<u8>, String>) -> String {
        let letter = Letter {
            row,
            words: Some("please call me back".to_owned()),
            to,
            from: "Northgate <voicemail@northgate.example>",
            node: "gw-1",
            local: Wall(row.started.0 + 3_600_000_000),
            wav,
            attach: true,
        };
        let bytes = written(letter).expect("a mail").formatted();
        String::from_utf8(bytes).expect("text")
    }

    #[test]
    fn a_mail_says_who_and_when_and_has_the_sound() {
        let call = CallId(1);
        let row = MessageRow {
            message: MessageId { call, index: 1 },
            call,
            mailbox: "head/general".to_owned(),
            from: "+441632960001".to_owned(),
            path: "a.wav".to_owned(),
            key_id: None,
            started: Wall(1_793_873_700_000_000),
            ended: None,
            ended_by: None,
            outcome: None,
            ms: Some(8300),
            heard: None,
            heard_by: None,
            transcript: None,
            mailed: None,
            mail_tries: 0,
            mail_error: None,
            mail_given_up: false,
        };
        let to = ["office@northgate.example".to_owned()];
        let text = letter(&row, &to, Ok(b"RIFF....".to_vec()));
        for part in [
            "From: Northgate <voicemail@northgate.example>",
            "To: office@northgate.example",
            "Subject: Voicemail from +441632960001",
            "Message-ID: <00000000000000000000000001-1@northgate.example>",
            "Date: Thu, 05 Nov 2026 10:15:00 +0000",
            "Left: 2026-11-05 11:15",
            "Length: 9 s",
            "please call me back",
            "filename=\"voicemail-2026-11-05-1115.wav\"",
            "audio/wav",
        ] {
            assert!(text.contains(part), "{part}\n{text}");
        }
        let text = letter(&row, &to, Err("erased".to_owned()));
        assert!(text.contains("Its sound cannot be read: erased"), "{text}");
        assert!(!text.contains("audio/wav"));
    }
}
