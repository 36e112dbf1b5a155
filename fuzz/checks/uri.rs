//! What holds for any text that comes as a URI.

use tandem_sip::message::Uri;

/// A URI written and read again is the same.
pub(crate) fn uri(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else {
        return;
    };
    let Ok(uri) = Uri::parse(text) else { return };
    let again = Uri::parse(&uri.to_string()).expect("what we write can be read");
    assert!(uri.equivalent(&again), "{uri} and {again}");
    assert_eq!(uri.to_string(), again.to_string());
    let _ = (
        uri.user(),
        uri.host_port(),
        uri.socket_addr(5060),
        uri.transport(),
    );
    let _ = (uri.header("Replaces"), uri.clone().without_headers());
}
