//! Methods: case-sensitive and open (RFC 3261 section 7.1).

use super::{ParseError, lexer::all_token};
use serde::{Deserialize, Serialize};
use std::{fmt, str::FromStr};

macro_rules! methods {
    ($($variant:ident $name:literal $doc:literal,)*) => {
        /// What a request asks for.
        #[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        pub enum Method {
            $(#[doc = $doc] $variant,)*
            /// Any other token.
            Other(Box<str>),
        }

        impl Method {
            /// As on the wire.
            pub fn as_str(&self) -> &str {
                match self {
                    $(Self::$variant => $name,)*
                    Self::Other(name) => name,
                }
            }
            fn known(name: &str) -> Option<Self> {
                match name {
                    $($name => Some(Self::$variant),)*
                    _ => None,
                }
            }
        }
    };
}

methods! {
    Invite "INVITE" "RFC 3261.",
    Ack "ACK" "RFC 3261.",
    Bye "BYE" "RFC 3261.",
    Cancel "CANCEL" "RFC 3261.",
    Options "OPTIONS" "RFC 3261.",
    Register "REGISTER" "RFC 3261.",
    Refer "REFER" "RFC 3515.",
    Notify "NOTIFY" "RFC 6665.",
    Subscribe "SUBSCRIBE" "RFC 6665.",
    Info "INFO" "RFC 6086.",
    Update "UPDATE" "RFC 3311.",
    Prack "PRACK" "RFC 3262.",
    Message "MESSAGE" "RFC 3428.",
    Publish "PUBLISH" "RFC 3903.",
}

impl Method {
    pub(crate) fn parse(name: &str) -> Result<Self, ParseError> {
        match Self::known(name) {
            Some(m) => Ok(m),
            None if all_token(name) => Ok(Self::Other(name.into())),
            None => Err(ParseError::Token),
        }
    }
}

impl FromStr for Method {
    type Err = ParseError;
    fn from_str(s: &str) -> Result<Self, ParseError> {
        Self::parse(s)
    }
}

impl fmt::Display for Method {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
