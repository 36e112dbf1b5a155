//! From a URI of the dialog to the flow of its next request.

use crate::api::{Flow, Transport};
use crate::message::{Request, Uri};
use std::net::{IpAddr, SocketAddr};

const SIP_PORT: u16 = 5060;

/// Where a request to `hop` goes, if the peer's last message came by `flow`. Host names are not
/// resolved here, and a private address that comes from a public one is behind NAT: the flow is kept.
/// So is the connection to the same host.
pub(super) fn follow(flow: Flow, hop: &Uri) -> Flow {
    let Ok(transport) = Transport::of_uri(hop) else {
        return flow;
    };
    let transport = transport.unwrap_or(flow.transport);
    // Who is at the other end of a connection by TLS is proved; who is at an address that a message names is not (RFC 5923).
    if transport.is_a_connections() || flow.transport.is_a_connections() {
        return flow;
    }
    let Some(addr) = addr_of(hop, transport) else {
        return flow;
    };
    let same_host = addr.ip() == flow.remote.ip();
    let kept = addr.is_ipv4() != flow.local.is_ipv4()
        || addr.ip().is_unspecified()
        || (private(addr.ip()) && !private(flow.remote.ip()))
        || (same_host && transport.is_stream() && flow.transport == transport);
    if kept {
        flow
    } else {
        Flow {
            transport,
            local: flow.local,
            remote: addr,
        }
    }
}

/// The address that a URI names.
pub(super) fn addr_of(uri: &Uri, transport: Transport) -> Option<SocketAddr> {
    uri.socket_addr(transport.default_port())
}

/// The peer's Contact is where it believes to send from (its Via says the same), and that is not where its
/// messages come from.
pub(super) fn natted(request: &Request, contact: &Uri, from: Flow) -> bool {
    let Some(via) = request.top_via() else {
        return false;
    };
    let Some(ip) = via.host.ip() else {
        return false;
    };
    let sent_by = SocketAddr::new(ip, via.port.unwrap_or(SIP_PORT));
    ip != from.remote.ip() && contact.socket_addr(SIP_PORT) == Some(sent_by)
}

/// We called the peer's Contact (it is registered here) by another way than to its address.
pub(super) fn sent_elsewhere(called: &Uri, contact: &Uri, from: Flow) -> bool {
    let addr = contact.socket_addr(SIP_PORT);
    addr.is_some_and(|addr| addr != from.remote) && called.socket_addr(SIP_PORT) == addr
}

/// An address that only a private network knows (RFC 1918, 6598, 3927, 4193), or this machine.
fn private(ip: IpAddr) -> bool {
    match ip {
        IpAddr::V4(ip) => {
            let [a, b, ..] = ip.octets();
            ip.is_private()
                || ip.is_loopback()
                || ip.is_link_local()
                || (a == 100 && b & 0xc0 == 64)
        }
        IpAddr::V6(ip) => ip.is_loopback() || ip.is_unique_local() || ip.is_unicast_link_local(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn uri(text: &str) -> Uri {
        text.parse().expect("a URI")
    }

    #[test]
    fn a_phone_that_is_called_by_another_way_than_to_its_contact_is_behind_nat() {
        let from = |remote: &str| Flow {
            transport: Transport::Udp,
            local: "192.0.2.1:5060".parse().expect("an address"),
            remote: remote.parse().expect("an address"),
        };
        let contact = uri("sip:201@10.0.0.7:5062");
        let (nat, itself) = (from("198.51.100.4:40001"), from("10.0.0.7:5062"));
        assert!(sent_elsewhere(&contact, &contact, nat));
        assert!(!sent_elsewhere(&contact, &contact, itself));
        // A proxy was called, and the far end is somewhere behind it.
        let proxy = uri("sip:201@198.51.100.4:40001");
        assert!(!sent_elsewhere(&proxy, &contact, nat));
        assert!(!sent_elsewhere(&proxy, &contact, itself));
        let named = uri("sip:201@phones.example");
        assert!(!sent_elsewhere(&named, &named, nat));
    }
}
