//! User-to-User (RFC 7433): a few bytes from one end to the other.

use super::{HeaderName, Headers, Params, ParseError, Text, lexer};
use serde::{Deserialize, Serialize};
use std::fmt;

/// One value.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct UserToUser {
    /// As written, without quotes.
    pub data: Text,
    /// `encoding`, `content`, `purpose`.
    pub params: Params,
}

impl UserToUser {
    /// These bytes, in the encoding that all understand. The field's limit is 128 of them.
    pub fn hex(bytes: &[u8]) -> Self {
        let digits: String = bytes.iter().map(|b| format!("{b:02x}")).collect();
        Self {
            data: digits.into(),
            params: Params::new().with("encoding", "hex"),
        }
    }

    /// The bytes. Hexadecimal digits are the default encoding (RFC 7433 section 4.1); any other is taken as text.
    pub fn bytes(&self) -> Result<Vec<u8>, ParseError> {
        let encoding = self.params.get("encoding").unwrap_or("hex");
        if !encoding.eq_ignore_ascii_case("hex") {
            return Ok(self.data.as_bytes().to_vec());
        }
        let (pairs, rest) = self.data.as_bytes().as_chunks::<2>();
        let digit = |b: u8| char::from(b).to_digit(16).ok_or(ParseError::Number);
        if !rest.is_empty() {
            return Err(ParseError::Number);
        }
        pairs
            .iter()
            .map(|&[hi, lo]| Ok((digit(hi)? * 16 + digit(lo)?) as u8))
            .collect()
    }

    /// Reads a value.
    pub fn parse(s: &str) -> Result<Self, ParseError> {
        let text = Text::from(lexer::trim(s));
        let end = match lexer::quoted_len(&text) {
            Some(end) => end,
            None if text.starts_with('"') => return Err(ParseError::OpenQuote),
            None => text.find(';').unwrap_or(text.len()),
        };
        let (data, params) = text.split_at(end);
        let data = lexer::trim(data);
        if data.is_empty() {
            return Err(ParseError::Empty);
        }
        Ok(Self {
            data: lexer::unquote(data).into(),
            params: Params::parse(&text, params)?,
        })
    }
}

impl fmt::Display for UserToUser {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if lexer::all_token(&self.data) {
            f.write_str(&self.data)?;
        } else {
            lexer::write_quoted(f, &self.data)?;
        }
        self.params.fmt(f)
    }
}

impl Headers {
    /// All values that can be read.
    pub fn user_to_user(&self) -> Vec<UserToUser> {
        self.values(&HeaderName::UserToUser)
            .filter_map(|v| UserToUser::parse(v).ok())
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_go_through() {
        let sent = UserToUser::hex(b"\x04call 7");
        assert_eq!(sent.to_string(), "0463616c6c2037;encoding=hex");
        let h = Headers::new().with("User-to-User", &sent);
        assert_eq!(h.user_to_user().as_slice(), std::slice::from_ref(&sent));
        assert_eq!(sent.bytes(), Ok(b"\x04call 7".to_vec()));
    }

    #[test]
    fn other_forms_are_read() {
        let h = Headers::new().with(
            "User-to-User",
            "\"a;b, \\\"c\\\"\";encoding=ascii;purpose=isdn-uui, 56A390F3D2B7310023 , 5;encoding=hex, zz",
        );
        let all = h.user_to_user();
        assert_eq!(all.len(), 4);
        assert_eq!(all[0].bytes().as_deref(), Ok(&b"a;b, \"c\""[..]));
        assert_eq!(UserToUser::parse(&all[0].to_string()).as_ref(), Ok(&all[0]));
        assert_eq!(all[1].bytes().map(|b| b.len()), Ok(9));
        assert_eq!(all[2].bytes(), Err(ParseError::Number), "half a byte");
        assert_eq!(all[3].bytes(), Err(ParseError::Number));
        assert_eq!(UserToUser::parse("\"open"), Err(ParseError::OpenQuote));
        assert_eq!(UserToUser::parse(";encoding=hex"), Err(ParseError::Empty));
    }
}
