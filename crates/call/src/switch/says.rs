//! What an INVITE says: who calls, whom, and by which trunk.

use std::net::IpAddr;
use tandem_dialplan::{CalledFrom, Plan, Trunk, Where};
use tandem_sip::message::{HeaderName, NameAddr, Request, Uri};

/// Number and name of the caller: P-Asserted-Identity before Remote-Party-ID before From; nothing when they are
/// withheld (RFC 3323, RFC 3325).
pub(super) fn caller_of(request: &Request) -> (String, Option<String>) {
    let headers = &request.headers;
    if headers.privacy().hides_caller() {
        return (String::new(), None);
    }
    let party = headers
        .remote_parties()
        .into_iter()
        .find(|p| p.is_calling());
    if party.as_ref().is_some_and(|p| p.is_private()) {
        return (String::new(), None);
    }
    let asserted = headers.asserted().into_iter().next();
    let said = asserted.or(party.map(|p| p.0));
    let Some(who) = said.or_else(|| request.from().cloned()) else {
        return (String::new(), None);
    };
    let user = super::attested::number(&who.uri);
    if user.is_empty() || user.eq_ignore_ascii_case("anonymous") {
        return (String::new(), None);
    }
    let name = who
        .display
        .as_ref()
        .map(ToString::to_string)
        .filter(|d| !d.trim().is_empty() && d != user);
    (user.to_owned(), name)
}

/// The address that is shown as the caller's, and that a signature has to be for: the first that the network asserts, else From.
pub(super) fn shown_as(request: &Request) -> Option<Uri> {
    let asserted = request.headers.asserted().into_iter().next();
    let party = || {
        let parties = request.headers.remote_parties().into_iter();
        parties.into_iter().find(|p| p.is_calling()).map(|p| p.0)
    };
    Some(
        asserted
            .or_else(party)
            .or_else(|| request.from().cloned())?
            .uri,
    )
}

/// The trunks that this may be a call of: those that only it can be told by first (field note 2).
pub(super) fn trunks_of<'p>(plan: &'p Plan, source: IpAddr, request: &Request) -> Vec<&'p Trunk> {
    let mut all = plan.trunk_by_source(source);
    all.retain(|t| is_there(&t.only, request));
    all.sort_by_key(|t| t.only == Where::default());
    all
}

fn is_there(only: &Where, request: &Request) -> bool {
    let host = |who: Option<&NameAddr>| {
        let host = who.and_then(|n| n.uri.host().map(ToString::to_string));
        host.unwrap_or_default()
    };
    let same = |wanted: &Option<String>, found: &dyn Fn() -> String| {
        let equal = |w: &String| found().eq_ignore_ascii_case(w);
        wanted.as_ref().is_none_or(equal)
    };
    let header = |(name, value): &(String, String)| {
        let name = HeaderName::from(name.as_str());
        request.headers.all(&name).any(|v| v.trim() == value)
    };
    same(&only.from_host, &|| host(request.from()))
        && same(&only.to_host, &|| host(request.to()))
        && only.header.as_ref().is_none_or(header)
}

/// The called number of a trunk's call, in E.164 where the trunk's format is known.
pub(super) fn called_on(trunk: &Trunk, request: &Request) -> String {
    let called = called_by(trunk.called_from, request);
    trunk.inbound_format.to_e164(&called, &trunk.country)
}

/// The called number, where this trunk writes it (field note 2).
pub(super) fn called_by(from: CalledFrom, request: &Request) -> String {
    let header = |name: HeaderName| {
        request
            .headers
            .values(&name)
            .find_map(|v| NameAddr::parse(v).ok())
            .map(|n| n.uri)
    };
    let uri = match from {
        CalledFrom::RequestUri => None,
        CalledFrom::To => header(HeaderName::To),
        CalledFrom::PCalledPartyId => header(HeaderName::PCalledPartyId),
        CalledFrom::Diversion => header(HeaderName::Diversion),
        CalledFrom::HistoryInfo => header(HeaderName::HistoryInfo),
    };
    super::attested::number(uri.as_ref().unwrap_or(&request.uri)).to_owned()
}
