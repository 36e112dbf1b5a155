//! Contact lists (RFC 3261 section 20.10).

use super::{HeaderName, Headers, NameAddr, ParseError, readers::seconds};
use serde::{Deserialize, Serialize};

/// What the Contacts of a REGISTER ask for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Contacts {
    /// `*`: all bindings.
    All,
    /// These, maybe none.
    List(Vec<NameAddr>),
}

impl Headers {
    /// All Contacts. `*` stands alone (RFC 3261 section 10.2.2).
    pub fn contacts(&self) -> Result<Contacts, ParseError> {
        let mut values = self.values(&HeaderName::Contact).peekable();
        if values.peek() == Some(&"*") {
            values.next();
            return if values.next().is_none() {
                Ok(Contacts::All)
            } else {
                Err(ParseError::Uri)
            };
        }
        values
            .map(NameAddr::parse)
            .collect::<Result<_, _>>()
            .map(Contacts::List)
    }
}

impl NameAddr {
    /// The `expires` parameter in seconds. What is no number is absent, what is too large is 2^32-1.
    pub fn expires(&self) -> Option<u32> {
        seconds(self.params.get("expires")?)
    }
    /// The `q` parameter in thousandths, 0 to 1000.
    pub fn q(&self) -> Option<u16> {
        let q = self.params.get("q")?;
        let (whole, part) = q.split_once('.').unwrap_or((q, ""));
        if part.len() > 3 || !part.bytes().all(|b| b.is_ascii_digit()) {
            return None;
        }
        let part = format!("{part:0<3}").parse::<u16>().ok()?;
        match whole {
            "0" | "" => Some(part),
            "1" if part == 0 => Some(1000),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_keeps_commas_in_quotes_and_brackets() {
        let h = Headers::new()
            .with(
                "m",
                r#""Watson, Th." <sip:w,x@a.example>;q=0.7;expires=3600, sip:b@c.example ;q=.25"#,
            )
            .with(
                "Contact",
                "<tel:+1-201-555-0123>;q=1.000;expires=99999999999999",
            );
        let Ok(Contacts::List(list)) = h.contacts() else {
            panic!("a list")
        };
        assert_eq!(list.len(), 3);
        assert_eq!(list[0].display.as_deref(), Some("Watson, Th."));
        assert_eq!((list[0].q(), list[0].expires()), (Some(700), Some(3600)));
        assert_eq!((list[1].q(), list[1].uri.user()), (Some(250), Some("b")));
        assert_eq!(
            (list[2].q(), list[2].expires()),
            (Some(1000), Some(u32::MAX))
        );
    }

    #[test]
    fn a_star_stands_alone() {
        assert_eq!(
            Headers::new().with("Contact", "*").contacts(),
            Ok(Contacts::All)
        );
        assert!(
            Headers::new()
                .with("Contact", "*, <sip:a@b>")
                .contacts()
                .is_err()
        );
        assert_eq!(Headers::new().contacts(), Ok(Contacts::List(vec![])));
    }

    #[test]
    fn a_q_out_of_range_is_none() {
        for q in ["1.1", "2", "0.1234", "-0.5", "0.x"] {
            assert_eq!(
                NameAddr::parse(&format!("<sip:a@b>;q={q}")).unwrap().q(),
                None,
                "{q}"
            );
        }
    }
}
