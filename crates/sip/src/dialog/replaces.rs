//! `Replaces` (RFC 3891): which dialog an INVITE takes over.

use serde::{Deserialize, Serialize};
use std::fmt;

/// A dialog as the receiver of the header sees it: `to_tag` is the receiver's own.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Replaces {
    /// Call-ID.
    pub call_id: String,
    /// The tag of the header's receiver.
    pub to_tag: String,
    /// The tag of the other end.
    pub from_tag: String,
    /// Only if it is not answered yet.
    pub early_only: bool,
}

impl Replaces {
    /// Reads a header value (unescaped). `None`: a tag is missing.
    pub fn parse(value: &str) -> Option<Self> {
        let mut parts = value.split(';').map(str::trim);
        let call_id = parts.next().filter(|id| !id.is_empty())?.to_owned();
        let (mut to_tag, mut from_tag, mut early_only) = (None, None, false);
        for part in parts {
            let (name, value) = part.split_once('=').unwrap_or((part, ""));
            match name.trim().to_ascii_lowercase().as_str() {
                "to-tag" => to_tag = Some(value.trim().to_owned()),
                "from-tag" => from_tag = Some(value.trim().to_owned()),
                "early-only" => early_only = true,
                _ => {}
            }
        }
        Some(Self {
            call_id,
            to_tag: to_tag?,
            from_tag: from_tag?,
            early_only,
        })
    }
}

/// The header's value. In a Refer-To it must be escaped ([`Uri::with_header`](crate::message::Uri::with_header) does).
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn replaces_reads_back_what_it_writes() {
        let all = Replaces {
            call_id: "a@b".into(),
            to_tag: "1".into(),
            from_tag: "2".into(),
            early_only: true,
        };
        assert_eq!(all.to_string(), "a@b;to-tag=1;from-tag=2;early-only");
        assert_eq!(Replaces::parse(&all.to_string()), Some(all));
        assert_eq!(
            Replaces::parse("a@b; from-tag = x ;TO-TAG=y;z")
                .unwrap()
                .to_tag,
            "y"
        );
        assert_eq!(Replaces::parse("a@b;to-tag=1"), None);
        assert_eq!(Replaces::parse(";to-tag=1;from-tag=2"), None);
    }
}
