//! Replaces (RFC 3891): a new call takes the place of a dialog.

use super::{
    HeaderName, Headers, Params, ParseError, Text,
    lexer::{all_token, trim},
};
use serde::{Deserialize, Serialize};
use std::fmt;

/// The dialog that is replaced, as its receiver knows it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Replaces {
    /// Call-ID.
    pub call_id: Text,
    /// The receiver's tag.
    pub to_tag: Text,
    /// The other side's tag.
    pub from_tag: Text,
    /// Only while it rings.
    pub early_only: bool,
}

impl Replaces {
    /// Reads a value.
    pub fn parse(s: &str) -> Result<Self, ParseError> {
        let text = Text::from(trim(s));
        let end = text.find(';').unwrap_or(text.len());
        let (call_id, params) = text.split_at(end);
        let params = Params::parse(&text, params)?;
        // A tag is a token (RFC 3261 section 25.1); a quoted one would be written back as something else.
        let tag = |name| match params.get(name).filter(|t| !t.is_empty()) {
            Some(tag) if all_token(tag) => Ok(tag),
            Some(_) => Err(ParseError::Param),
            None => Err(ParseError::Incomplete),
        };
        let call_id = trim(call_id);
        if call_id.is_empty() {
            return Err(ParseError::Empty);
        }
        Ok(Self {
            call_id: text.cut(call_id),
            to_tag: text.cut(tag("to-tag")?),
            from_tag: text.cut(tag("from-tag")?),
            early_only: params.has("early-only"),
        })
    }
}

/// For the header, and for [`Uri::with_header`](super::Uri::with_header), which escapes it.
impl fmt::Display for Replaces {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{};to-tag={};from-tag={}",
            self.call_id, self.to_tag, self.from_tag
        )?;
        if self.early_only {
            f.write_str(";early-only")
        } else {
            Ok(())
        }
    }
}

impl Headers {
    /// Replaces, if there is one and it can be read.
    pub fn replaces(&self) -> Option<Replaces> {
        Replaces::parse(self.first(&HeaderName::Replaces)?).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::super::{NameAddr, Uri};
    use super::*;

    #[test]
    fn it_survives_a_refer_to() {
        let r = Replaces {
            call_id: "a;b=c@192.0.2.1".into(),
            to_tag: "7743".into(),
            from_tag: "6472".into(),
            early_only: false,
        };
        let plain = Replaces {
            call_id: "425928@bobster.example.org".into(),
            ..r
        };
        let uri = Uri::sip("bob", "example.org:5070").with_header("Replaces", &plain);
        let refer_to = NameAddr::new(uri).to_string();
        assert_eq!(
            refer_to,
            "<sip:bob@example.org:5070?Replaces=425928%40bobster.example.org%3Bto-tag%3D7743%3Bfrom-tag%3D6472>"
        );
        let read = NameAddr::parse(&refer_to).unwrap();
        assert_eq!(
            Replaces::parse(&read.uri.header("replaces").unwrap()),
            Ok(plain)
        );
    }

    #[test]
    fn a_tag_is_a_token() {
        for wrong in [
            "a@b;to-tag=0;from-tag=\"a;b\"",
            "a@b;to-tag=\"0 1\";from-tag=1",
        ] {
            assert_eq!(Replaces::parse(wrong), Err(ParseError::Param), "{wrong}");
        }
    }

    #[test]
    fn both_tags_are_needed() {
        assert_eq!(Replaces::parse("a@b;to-tag=1"), Err(ParseError::Incomplete));
        assert!(
            Replaces::parse("a@b;from-tag=0;to-tag=1;early-only")
                .unwrap()
                .early_only
        );
        assert_eq!(
            Replaces::parse(";from-tag=0;to-tag=1"),
            Err(ParseError::Empty)
        );
    }
}
