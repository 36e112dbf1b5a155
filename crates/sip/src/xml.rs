//! What we write into bodies of XML.

/// Text that stands between tags, or in quotes.
pub fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            // XML 1.0 has no other control characters, escaped or not.
            '\t' | '\n' | '\r' | ' '.. => out.push(c),
            _ => {}
        }
    }
    out
}
