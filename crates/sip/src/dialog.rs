//! A dialog (RFC 3261 section 12): what two user agents hold of each other between requests.

mod hop;

use crate::api::{Flow, Transport};
use crate::endpoint::max_forwards;
use crate::message::{HeaderName, Headers, Method, NameAddr, Request, Response, Uri};
use serde::{Deserialize, Serialize};
use std::net::IpAddr;

/// What names a dialog. The remote tag is empty for peers of RFC 2543.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub(crate) struct DialogId {
    /// Call-ID.
    pub(crate) call_id: String,
    /// Ours.
    pub(crate) local_tag: String,
    /// Theirs.
    pub(crate) remote_tag: String,
}

impl DialogId {
    /// The dialog that a request of the peer is in, if its To has a tag.
    pub(crate) fn of_request(request: &Request) -> Option<Self> {
        Some(Self {
            call_id: request.call_id()?.to_owned(),
            local_tag: request.to()?.tag()?.to_owned(),
            remote_tag: tag_of(request.from()),
        })
    }
}

/// The tag, or nothing.
pub(crate) fn tag_of(name: Option<&NameAddr>) -> String {
    name.and_then(NameAddr::tag).unwrap_or_default().to_owned()
}

/// The state of RFC 3261 section 12.1, and the way that the peer's messages come.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Dialog {
    /// Its name.
    pub(crate) id: DialogId,
    /// From of our requests, with tag, as first written.
    local: String,
    /// To of our requests, with tag, as first written.
    remote: String,
    /// The number of our last request.
    local_cseq: u32,
    /// The number of their last request; 0 before the first.
    remote_cseq: u32,
    /// Where our requests are addressed.
    pub(crate) target: Uri,
    /// Route set, top first.
    route: Vec<NameAddr>,
    /// Where the peer's last message came from.
    flow: Flow,
    /// The peer's Contact is an address behind NAT: only `flow` reaches it.
    natted: bool,
}

impl Dialog {
    /// The caller's side, made by a response to its INVITE (12.1.2). `from` is where that came from. `None` only
    /// if the INVITE lacks what all of ours have.
    pub(crate) fn from_response(
        request: &Request,
        response: &Response,
        from: Flow,
    ) -> Option<Self> {
        let mut route = response.headers.name_addrs(&HeaderName::RecordRoute);
        route.reverse();
        let to = if response.to().is_some() {
            &response.headers
        } else {
            &request.headers
        };
        let target = response
            .contact()
            .map_or(&request.uri, |c| &c.uri)
            .clone()
            .without_headers();
        Some(Self {
            id: DialogId {
                call_id: request.call_id()?.to_owned(),
                local_tag: tag_of(request.from()),
                remote_tag: tag_of(response.to()),
            },
            local: request.headers.first(&HeaderName::From)?.to_owned(),
            remote: to.first(&HeaderName::To)?.to_owned(),
            local_cseq: request.cseq()?.number,
            remote_cseq: 0,
            natted: hop::sent_elsewhere(&request.uri, &target, from),
            target,
            route,
            flow: from,
        })
    }

    /// The called side, made by an INVITE (12.1.1).
    pub(crate) fn from_request(request: &Request, local_tag: &str, from: Flow) -> Option<Self> {
        let caller = request.from()?;
        let target = request.contact().map_or(&caller.uri, |c| &c.uri);
        Some(Self {
            id: DialogId {
                call_id: request.call_id()?.to_owned(),
                local_tag: local_tag.to_owned(),
                remote_tag: caller.tag().unwrap_or_default().to_owned(),
            },
            local: format!(
                "{};tag={local_tag}",
                request.headers.first(&HeaderName::To)?
            ),
            remote: request.headers.first(&HeaderName::From)?.to_owned(),
            local_cseq: 0,
            remote_cseq: request.cseq()?.number,
            natted: hop::natted(request, target, from),
            target: target.clone().without_headers(),
            route: request.headers.name_addrs(&HeaderName::RecordRoute),
            flow: from,
        })
    }

    /// The 2xx of an early dialog: route set and target are its own (13.2.2.4).
    pub(crate) fn confirm(&mut self, response: &Response, from: Flow) {
        let mut route = response.headers.name_addrs(&HeaderName::RecordRoute);
        route.reverse();
        self.route = route;
        self.flow = from;
        self.refresh(&response.headers);
    }

    /// A request of the peer; false: its number is lower than one before (12.2.2).
    pub(crate) fn admit(&mut self, request: &Request, from: Flow) -> bool {
        let Some(cseq) = request.cseq() else {
            return false;
        };
        if cseq.number < self.remote_cseq {
            return false;
        }
        self.remote_cseq = cseq.number;
        self.flow = from;
        let contact = request.contact().map_or(&self.target, |c| &c.uri);
        self.natted = hop::natted(request, contact, from);
        true
    }

    /// The peer may speak from there: its last message came from it, or its target or a hop of the route is it.
    pub(crate) fn is_near(&self, ip: IpAddr) -> bool {
        let hops = self.route.iter().map(|hop| &hop.uri);
        let mut named = hops.chain([&self.target]).filter_map(Uri::ip);
        self.flow.remote.ip() == ip || named.any(|known| known == ip)
    }

    /// A response of the peer came from there.
    pub(crate) fn heard(&mut self, from: Flow) {
        self.flow = from;
    }

    /// The connection to the peer is closed: the next request opens one to where the route or target says.
    pub(crate) fn disconnected(&mut self, flow: Flow) {
        let ours = self.flow.transport == flow.transport && self.flow.remote == flow.remote;
        let hop = self.route.first().map_or(&self.target, |first| &first.uri);
        if ours
            && flow.transport.is_stream()
            && !self.natted
            && let Some(addr) = hop::addr_of(hop, flow.transport)
            // By TLS only where the same host listens: another one has not proved who it is.
            && match flow.transport {
                Transport::Tls => addr.ip() == flow.remote.ip(),
                Transport::Ws | Transport::Wss => false,
                Transport::Udp | Transport::Tcp => true,
            }
        {
            self.flow.remote = addr;
        }
    }

    /// A target refresh was agreed on: their Contact is the target (12.2).
    pub(crate) fn refresh(&mut self, headers: &Headers) {
        if let Some(contact) = headers.name_addr(&HeaderName::Contact) {
            self.target = contact.uri.clone().without_headers();
        }
    }

    /// The number for our next request.
    pub(crate) fn next_cseq(&mut self) -> u32 {
        self.local_cseq = self.local_cseq.wrapping_add(1) & 0x7fff_ffff;
        self.local_cseq
    }

    /// A request in the dialog (12.2.1.1), without Via. ACK bears the number of its INVITE.
    pub(crate) fn request(&self, method: Method, cseq: u32) -> Request {
        let (uri, route) = self.addressed();
        let mut request = Request::new(method.clone(), uri);
        let headers = &mut request.headers;
        headers.push_header(max_forwards());
        for hop in route {
            headers.push(HeaderName::Route, hop);
        }
        headers.push_text(HeaderName::From, &self.local);
        headers.push_text(HeaderName::To, &self.remote);
        headers.push_text(HeaderName::CallId, &self.id.call_id);
        headers.push(HeaderName::CSeq, format_args!("{cseq} {method}"));
        request
    }

    /// Request-URI and Route headers. A first route without `lr` is a strict router: it becomes the
    /// Request-URI, and the target the last route.
    fn addressed(&self) -> (Uri, Vec<NameAddr>) {
        match self.route.split_first() {
            Some((first, rest)) if first.uri.param("lr").is_none() => {
                let last = NameAddr::new(self.target.clone());
                (
                    first.uri.clone().without_headers(),
                    rest.iter().cloned().chain([last]).collect(),
                )
            }
            _ => (self.target.clone(), self.route.clone()),
        }
    }

    /// Where our next request is sent: the first route or the target where that is an address, else
    /// where the peer's last message came from.
    pub(crate) fn flow(&self) -> Flow {
        match self.route.first() {
            Some(first) => hop::follow(self.flow, &first.uri),
            None if self.natted => self.flow,
            None => hop::follow(self.flow, &self.target),
        }
    }
}

#[cfg(test)]
mod tests;
