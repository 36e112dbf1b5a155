//! Secrets that stand in a file although they should not: hidden wherever its lines are printed,
//! whatever is wrong with the line, and whether or not the file parses.

/// The text with every literal secret turned into asterisks, byte for byte, so that places stay.
pub(super) fn masked(text: &str) -> String {
    let mut out = text.as_bytes().to_vec();
    for (start, end) in assigned(text).into_iter().chain(in_urls(text)) {
        if let Some(bytes) = out.get_mut(start..end) {
            bytes.fill(b'*');
        }
    }
    String::from_utf8(out).unwrap_or_default()
}

/// Is this the name of a secret, also when misspelt? `key` is one only where a text of more than a
/// telephone's key is put into it.
fn names_a_secret(key: &str, value: &str) -> bool {
    let key = key.to_ascii_lowercase();
    let word = ["secret", "token", "bearer"]
        .iter()
        .any(|w| key.contains(w));
    word || strsim::damerau_levenshtein(&key, "password") <= 3
        || (key.ends_with("key") && value.len() > 4)
}

fn referred(value: &str) -> bool {
    ["env:", "file:", "cred:"]
        .iter()
        .any(|k| value.starts_with(k))
}

/// The values behind `password =` and its like.
fn assigned(text: &str) -> Vec<(usize, usize)> {
    let mut found = Vec::new();
    for (at, _) in text.match_indices('=') {
        let before = text[..at].trim_end_matches([' ', '\t', '"', '\'']);
        let key_at = before
            .rfind(|c: char| !(c.is_alphanumeric() || c == '_' || c == '-'))
            .map_or(0, |i| {
                i + before[i..].chars().next().map_or(1, char::len_utf8)
            });
        let after = &text[at + 1..];
        let start = at + 1 + (after.len() - after.trim_start_matches([' ', '\t']).len());
        let value = &text[start..];
        let quote = ["\"\"\"", "'''", "\"", "'"]
            .into_iter()
            .find(|q| value.starts_with(q));
        let (start, len) = match quote {
            Some(q) => {
                let inner = &value[q.len()..];
                let end = if q.len() == 3 {
                    inner.find(q)
                } else {
                    inner.find([q.chars().next().unwrap_or('"'), '\n'])
                };
                (start + q.len(), end.unwrap_or(inner.len()))
            }
            None => (
                start,
                value
                    .find([',', '}', ']', '#', '\n', '{', '['])
                    .unwrap_or(value.len()),
            ),
        };
        let value = &text[start..start + len];
        if names_a_secret(&before[key_at..], value) && !referred(value) {
            found.push((start, start + value.trim_end().len()));
        }
    }
    found
}

/// The password of `scheme://user:password@host`.
fn in_urls(text: &str) -> Vec<(usize, usize)> {
    let mut found = Vec::new();
    for (at, _) in text.match_indices("://") {
        let rest = &text[at + 3..];
        let end = rest.find(['"', '\'', ' ', '\n']).unwrap_or(rest.len());
        let Some(host) = rest[..end].rfind('@') else {
            continue;
        };
        if let Some(colon) = rest[..host].find(':') {
            found.push((at + 3 + colon + 1, at + 3 + host));
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn literal_secrets_are_hidden_and_references_stay() {
        for (text, shown) in [
            ("password = \"hunter2\"", "password = \"*******\""),
            ("pasword = 'hunter2' # x", "pasword = '*******' # x"),
            ("\"password\" = hunter2", "\"password\" = *******"),
            ("password = 12345\nname = 1", "password = *****\nname = 1"),
            (
                "r = { username = \"a\", password = \"b c\" }",
                "r = { username = \"a\", password = \"***\" }",
            ),
            (
                "password = \"\"\"a\nb\"\"\"\nx = 1",
                "password = \"\"\"***\"\"\"\nx = 1",
            ),
            ("key = \"sk-123456\"", "key = \"*********\""),
            ("accept = { key = \"1\" }", "accept = { key = \"1\" }"),
            ("password = \"env:X\"", "password = \"env:X\""),
            (
                "password = \"unfinished\nx = 1",
                "password = \"**********\nx = 1",
            ),
            (
                "url = \"postgres://a:b@c/d\"",
                "url = \"postgres://a:*@c/d\"",
            ),
            ("url = \"http://h:80/v1\"", "url = \"http://h:80/v1\""),
            ("ä = 1\nü_password = \"ö\"", "ä = 1\nü_password = \"**\""),
        ] {
            assert_eq!(masked(text), shown);
        }
    }
}
