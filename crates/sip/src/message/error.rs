//! What can be wrong with a value that a peer sent.

use serde::{Deserialize, Serialize};

/// Why a value cannot be read. Always the peer's fault; the texts never hold what the peer sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
pub enum ParseError {
    /// Nothing there.
    #[error("empty value")]
    Empty,
    /// A quoted string without its end.
    #[error("quoted string without an end")]
    OpenQuote,
    /// `<` without `>`, or text after it that is no parameter.
    #[error("angle brackets do not match")]
    Brackets,
    /// A display name that needs quotes.
    #[error("display name")]
    DisplayName,
    /// No scheme, or a character that no URI may have.
    #[error("URI")]
    Uri,
    /// A `?` in a URI that is not in angle brackets (RFC 3261 section 20.10).
    #[error("URI with headers outside angle brackets")]
    UriHeaders,
    /// Host name, IP address or port.
    #[error("host or port")]
    Host,
    /// A parameter without name, or of wrong characters.
    #[error("parameter")]
    Param,
    /// Not a number, or out of its range.
    #[error("number")]
    Number,
    /// A token was wanted.
    #[error("token")]
    Token,
    /// A part of the value is missing.
    #[error("incomplete value")]
    Incomplete,
}
