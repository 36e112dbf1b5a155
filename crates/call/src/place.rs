//! Where a caller for help is: a civic address (RFC 5139) in a presence document (PIDF-LO, RFC 4119), sent beside the offer
//! (RFC 6442).

use tandem_dialplan::Emergency;
use tandem_sip::{
    api::Body,
    message::{HeaderName, Headers},
    xml::escaped,
};

/// The Content-ID of the document.
const CONTENT_ID: &str = "place@tandem.invalid";
/// Between the parts; no line of an offer or of the document begins so.
const BOUNDARY: &str = "tandem-place";

/// The document; `None`: nobody wrote where the site is.
pub(crate) fn pidf(site: &Emergency) -> Option<String> {
    if site.location.is_empty() {
        return None;
    }
    let address: String = site
        .location
        .iter()
        .map(|(name, value)| format!("<ca:{name}>{}</ca:{name}>", escaped(value)))
        .collect();
    let entity = escaped(&site.caller_id);
    Some(format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\r\n\
         <presence xmlns=\"urn:ietf:params:xml:ns:pidf\" xmlns:gp=\"urn:ietf:params:xml:ns:pidf:geopriv10\" \
         xmlns:ca=\"urn:ietf:params:xml:ns:pidf:geopriv10:civicAddr\" entity=\"tel:{entity}\">\r\n\
         <tuple id=\"site\"><status><gp:geopriv><gp:location-info><ca:civicAddress>{address}</ca:civicAddress>\
         </gp:location-info><gp:usage-rules/><gp:method>Manual</gp:method></gp:geopriv></status></tuple>\r\n\
         </presence>\r\n"
    ))
}

/// The offer and the document in one body, and the headers that say so.
pub(crate) fn with_location(headers: &mut Headers, offer: Body, document: &str) -> Body {
    headers.push(HeaderName::Geolocation, format!("<cid:{CONTENT_ID}>"));
    headers.push(HeaderName::from("Geolocation-Routing"), "yes");
    let mut bytes = format!(
        "--{BOUNDARY}\r\nContent-Type: {}\r\n\r\n",
        offer.content_type
    )
    .into_bytes();
    bytes.extend_from_slice(&offer.bytes);
    let rest = format!(
        "\r\n--{BOUNDARY}\r\nContent-Type: application/pidf+xml\r\nContent-ID: <{CONTENT_ID}>\r\n\r\n{document}\r\n--{BOUNDARY}--\r\n"
    );
    bytes.extend_from_slice(rest.as_bytes());
    Body {
        content_type: format!("multipart/mixed;boundary={BOUNDARY}"),
        bytes: bytes.into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tandem_sip::message::{Message, Method, Request, Uri};

    fn site() -> Emergency {
        Emergency {
            caller_id: "+442079460100".into(),
            location: vec![
                ("country", "GB".into()),
                ("RD", "Bread & <Butter> Street".into()),
                ("HNO", "12".into()),
            ],
            ..Emergency::default()
        }
    }

    #[test]
    fn what_is_written_is_escaped_and_in_the_order_of_the_schema() {
        let document = pidf(&site()).expect("an address");
        let address = "<ca:country>GB</ca:country><ca:RD>Bread &amp; &lt;Butter&gt; Street</ca:RD><ca:HNO>12</ca:HNO>";
        assert!(document.contains(address), "{document}");
        assert_eq!(pidf(&Emergency::default()), None);
    }

    #[test]
    fn both_parts_are_found_again() {
        let offer = Body {
            content_type: "application/sdp".into(),
            bytes: "v=0\r\ns=-\r\n".into(),
        };
        let document = pidf(&site()).expect("an address");
        let mut headers = Headers::new();
        let body = with_location(&mut headers, offer.clone(), &document);
        let mut request = Request::new(Method::Invite, Uri::sip("999", "192.0.2.1"));
        request.headers = headers.with(HeaderName::ContentType, body.content_type);
        request.body = body.bytes;
        let Ok(Message::Request(request)) = Message::parse(request.to_bytes()) else {
            panic!("it cannot be read")
        };
        assert_eq!(request.body_of_type("application/sdp"), Some(offer.bytes));
        let found = request.body_of_type("application/pidf+xml");
        assert_eq!(found.as_deref(), Some(document.as_bytes()));
        assert_eq!(
            request.headers.first(&HeaderName::Geolocation),
            Some("<cid:place@tandem.invalid>")
        );
    }
}
