//! From a destination of the dialplan to INVITEs: who may be dialled, where they are, and as whom we
//! call. No leg is dialled past [`Asked::to`], which asks the plan's limits for every single one.

mod refer;
mod shown;

pub(crate) use refer::refer_to;

use crate::{
    house::House,
    leg::{Learn, Way},
    place,
};
use tandem_dialplan::{
    Destination, DialTarget, Emergency, Extension, Nat, Node, Plan, Prack, Trunk,
};
use tandem_sip::{
    api::{Credentials, Flow, OutgoingInvite, Reliable, SessionTimer, Transport},
    message::{HeaderName, Headers, NameAddr, Uri},
};
use tandem_types::{
    Attested, Mono, Party, Pii, Reason, SrtpPolicy, Termination,
    media::{Codec, DtmfPolicy},
};

/// As whom we call.
#[derive(Clone, Debug)]
pub(crate) struct Identity {
    /// The caller's number; empty when withheld.
    pub(crate) number: String,
    /// What the phone shows.
    pub(crate) name: Option<String>,
    /// What is known of the number.
    pub(crate) attested: Attested,
    /// The number is one of ours on the trunk, and is shown as it is.
    pub(crate) ours: bool,
    /// Alert-Info, User-to-User and the like.
    pub(crate) headers: Headers,
}

/// One leg to be dialled.
#[derive(Clone, Debug)]
pub(crate) struct Dialled {
    pub(crate) peer: String,
    /// In the order in which they are tried.
    pub(crate) ways: Vec<Way>,
}

/// Which limits a leg is dialled within.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Urgency {
    /// All of them.
    Usual,
    /// The reserve of a trunk is for it, and it waits for nobody.
    Escalation,
}

/// There is no way.
#[derive(Clone, Debug)]
pub(crate) struct NoWay {
    pub(crate) end: Termination,
    /// The line of the plan that forbids it.
    pub(crate) rule: Option<String>,
}

fn no(reason: Reason) -> NoWay {
    NoWay {
        end: Termination::new(Party::Gateway, reason),
        rule: None,
    }
}

fn forbidden(rule: String) -> NoWay {
    NoWay {
        end: Termination::new(Party::Gateway, Reason::NotAllowed),
        rule: Some(rule),
    }
}

/// Who wants somebody dialled, and as whom.
pub(crate) struct Asked<'a> {
    pub(crate) plan: &'a Plan,
    pub(crate) house: &'a mut House,
    pub(crate) now: Mono,
    /// Whose limits hold; `None`: those of the phone.
    pub(crate) dialplan: Option<&'a str>,
    /// The extension that calls, if one does.
    pub(crate) phone: Option<&'a str>,
    /// The number that was called.
    pub(crate) called: &'a str,
    pub(crate) identity: &'a Identity,
    pub(crate) urgency: Urgency,
}

impl Asked<'_> {
    /// The legs that a destination stands for now.
    pub(crate) fn to(&mut self, destination: &Destination) -> Result<Vec<Dialled>, NoWay> {
        match destination {
            Destination::Emergency { phone, number } => self.help(phone, number),
            Destination::Phone(number) => {
                let ext = self.plan.extension(number);
                self.extension(ext.ok_or_else(|| no(Reason::WrongNumber))?, number)
            }
            Destination::Ext(number) => {
                self.may(DialTarget::Ext(number))?;
                let ext = self.plan.extension(number);
                self.extension(ext.ok_or_else(|| no(Reason::WrongNumber))?, number)
            }
            Destination::Outside(name) => {
                let outside = self
                    .dialplan
                    .and_then(|d| self.plan.dialplans.get(d))
                    .and_then(|d| d.outside.get(name))
                    .ok_or_else(|| no(Reason::NoRoute))?;
                self.trunks(&outside.via, &outside.dial)
            }
            Destination::Trunk(name, number) => {
                let number = number.as_deref().unwrap_or(self.called);
                self.trunks(std::slice::from_ref(name), number)
            }
            Destination::Sip(uri) => self.address(uri),
            _ => Err(no(Reason::NoRoute)),
        }
    }

    fn may(&self, target: DialTarget<'_>) -> Result<(), NoWay> {
        let allowed = match (self.dialplan, self.phone) {
            (None, Some(phone)) => self.plan.phone_may_dial(phone, target),
            (dialplan, _) => self.plan.may_dial(dialplan, target),
        };
        allowed.map_err(|f| forbidden(f.rule))
    }

    fn address(&mut self, uri: &str) -> Result<Vec<Dialled>, NoWay> {
        self.may(DialTarget::Sip(uri))?;
        let target = Uri::parse(&with_scheme(uri)).map_err(|_| no(Reason::WrongNumber))?;
        let flows = self.house.flows(&target);
        let way = |flow| Way {
            invite: invite(self.house, target.clone(), flow, self.identity, None),
            codecs: vec![Codec::Pcmu, Codec::Pcma],
            srtp: SrtpPolicy::Off,
            dtmf: DtmfPolicy::Auto,
            learn: Learn::Auto,
            trunk: None,
            phone: None,
            location: None,
        };
        let ways: Vec<Way> = flows.into_iter().map(way).collect();
        if ways.is_empty() {
            return Err(no(Reason::Unreachable));
        }
        Ok(vec![Dialled {
            peer: uri.to_owned(),
            ways,
        }])
    }

    fn extension(&mut self, ext: &Extension, number: &str) -> Result<Vec<Dialled>, NoWay> {
        if let Some((user, _)) = &ext.registers {
            return self.registered(user, number);
        }
        let trunk = ext
            .via
            .as_ref()
            .and_then(|t| self.plan.trunks.get(t))
            .ok_or_else(|| no(Reason::NoRoute))?;
        if !self.house.has_slot(trunk, self.now, self.urgency) {
            return Err(no(Reason::Capacity));
        }
        leg_of(number, through(self.house, trunk, number, self.identity))
    }

    /// A leg for each of the phones that registered as `user`.
    fn registered(&self, user: &str, number: &str) -> Result<Vec<Dialled>, NoWay> {
        let phones = &self.plan.phones;
        let legs: Vec<Dialled> = self
            .house
            .contacts(user)
            .into_iter()
            .map(|phone| {
                let (flow, domain) = (phone.flow, Some(phones.domain.as_str()));
                let invite = invite(self.house, phone.uri, flow, self.identity, domain);
                // Behind an edge it is the edge that SIP comes from, and nobody's sound.
                let learn = if phone.path.is_empty() {
                    Learn::Source
                } else {
                    Learn::No
                };
                let invite = OutgoingInvite {
                    route: phone.path,
                    ..invite
                };
                let way = Way {
                    invite,
                    codecs: phones.codecs.clone(),
                    srtp: phones.srtp,
                    dtmf: phones.dtmf,
                    learn,
                    trunk: None,
                    phone: Some(user.to_owned()),
                    location: None,
                };
                Dialled {
                    peer: number.to_owned(),
                    ways: vec![way],
                }
            })
            .collect();
        if legs.is_empty() {
            // Its phone is not registered: nobody is there to be rung.
            return Err(NoWay {
                end: Termination {
                    by: Party::Callee,
                    reason: Reason::Unreachable,
                    sip: 480,
                    q850: 20,
                },
                rule: None,
            });
        }
        Ok(legs)
    }

    fn trunks(&mut self, via: &[String], number: &str) -> Result<Vec<Dialled>, NoWay> {
        let mut refused = no(Reason::Unreachable);
        let mut ways = Vec::new();
        let mut allowed = false;
        for name in via {
            let Some(trunk) = self.plan.trunks.get(name).filter(|t| t.outbound) else {
                continue;
            };
            let target = DialTarget::Trunk {
                trunk: name,
                number,
            };
            if let Err(no) = self.may(target) {
                refused = no;
                continue;
            }
            if !self.house.has_slot(trunk, self.now, self.urgency) {
                refused = no(Reason::Capacity);
                continue;
            }
            allowed = true;
            ways.extend(through(self.house, trunk, number, self.identity));
        }
        if !allowed {
            return Err(refused);
        }
        leg_of(number, ways)
    }

    /// A call for help: by any trunk that is up, those that the site names first; as the site, and from where it is.
    fn help(&mut self, phone: &str, number: &str) -> Result<Vec<Dialled>, NoWay> {
        let site = self.plan.site_of(phone);
        let site = site.ok_or_else(|| no(Reason::NoRoute))?;
        let dials = site.dials(number).ok_or_else(|| no(Reason::NoRoute))?;
        let shown = Identity {
            number: site.caller_id.clone(),
            name: None,
            attested: Attested::Unsigned,
            ours: false,
            headers: Headers::new().with(HeaderName::Priority, "emergency"),
        };
        let all = &self.plan.trunks;
        let named = site.via.iter().filter_map(|name| all.get(name));
        let others = all.values().filter(|t| !site.via.contains(&t.name));
        let trunks = named.chain(others).filter(|t| t.outbound);
        let mut ways = Vec::new();
        for trunk in trunks {
            ways.extend(located(self.house, trunk, dials, &shown, site));
        }
        leg_of(number, ways)
    }
}

fn with_scheme(uri: &str) -> String {
    if uri.starts_with("sip:") || uri.starts_with("sips:") {
        uri.to_owned()
    } else {
        format!("sip:{uri}")
    }
}

/// A peer's INVITE with the location is followed by one without, for those who cannot read it.
fn located(
    house: &mut House,
    trunk: &Trunk,
    dials: &str,
    shown: &Identity,
    site: &Emergency,
) -> Vec<Through> {
    // The number that is shown is the site's, and not what the trunk else shows.
    let own = Trunk {
        caller_id: None,
        ..trunk.clone()
    };
    let place = trunk.conveys_location.then(|| place::pidf(site)).flatten();
    let mut ways = Vec::new();
    for plain in through(house, &own, dials, shown) {
        if place.is_some() {
            let mut with = plain.clone();
            with.way.location.clone_from(&place);
            ways.push(with);
        }
        ways.push(plain);
    }
    ways
}

/// A way by a trunk.
#[derive(Clone)]
struct Through {
    way: Way,
    /// Its peer answers, as far as is known, and nothing is known against this server of the peer.
    up: bool,
}

/// A leg that tries these in order, those last that do not answer.
fn leg_of(number: &str, mut ways: Vec<Through>) -> Result<Vec<Dialled>, NoWay> {
    if ways.is_empty() {
        return Err(no(Reason::Unreachable));
    }
    ways.sort_by_key(|way| !way.up);
    Ok(vec![Dialled {
        peer: number.to_owned(),
        ways: ways.into_iter().map(|through| through.way).collect(),
    }])
}

/// From where sound of a trunk's legs may be learnt.
pub(crate) fn learn_of(trunk: &Trunk) -> Learn {
    match trunk.nat {
        Nat::Auto => Learn::Auto,
        Nat::Yes => Learn::Source,
        Nat::No => Learn::No,
    }
}

/// An INVITE for each server of each peer of a trunk, in order.
fn through(house: &mut House, trunk: &Trunk, number: &str, identity: &Identity) -> Vec<Through> {
    let number = trunk.outbound_format.from_e164(number, &trunk.country);
    let (proxy, credentials) = (proxy_of(trunk), credentials(house, trunk));
    let mut all = Vec::new();
    for text in &trunk.peers {
        let Ok(peer) = Uri::parse(text) else { continue };
        let Some(server) = peer.host_port() else {
            continue;
        };
        let next = proxy.as_ref().map_or(&peer, |p| &p.uri);
        let up = house.health.is_up(&trunk.name, text);
        for flow in house.flows(next) {
            let target = like(&peer, Uri::sip(number.as_str(), &server));
            let mut invite = invite(house, target, flow, identity, None);
            shown::by(trunk, identity, &mut invite);
            invite.credentials.clone_from(&credentials);
            invite.route.extend(proxy.clone());
            invite.reliable = reliable(trunk.prack);
            invite.session_timer = invite.session_timer.filter(|_| trunk.session_timers);
            let way = Way {
                invite,
                codecs: trunk.codecs.clone(),
                srtp: trunk.srtp,
                dtmf: trunk.dtmf,
                learn: learn_of(trunk),
                trunk: Some(trunk.name.clone()),
                phone: None,
                location: None,
            };
            let up = up && !house.is_dead(flow);
            all.push(Through { way, up });
        }
    }
    all
}

/// What a trunk's peers are reached by.
pub(crate) fn proxy_of(trunk: &Trunk) -> Option<NameAddr> {
    let proxy = trunk.outbound_proxy.as_deref()?;
    NameAddr::parse(&format!("<{proxy}>")).ok()
}

/// A trunk's wish for reliable provisional responses.
pub(crate) fn reliable(prack: Prack) -> Reliable {
    match prack {
        Prack::Off => Reliable::Off,
        Prack::Supported => Reliable::Supported,
        Prack::Required => Reliable::Required,
    }
}

/// The node's session timers.
pub(crate) fn session_timer(node: &Node) -> Option<SessionTimer> {
    let seconds = |d: std::time::Duration| u32::try_from(d.as_secs()).unwrap_or(u32::MAX);
    node.session_timers.map(|t| SessionTimer {
        expires: seconds(t.expires),
        min_se: seconds(t.min_se),
    })
}

/// What answers a trunk's challenges: of nobody but its peers, its proxy, its registrar, and whence its calls come.
pub(crate) fn credentials(house: &mut House, trunk: &Trunk) -> Option<Credentials> {
    let mut account = account(trunk)?;
    let named = trunk
        .peers
        .iter()
        .chain(&trunk.outbound_proxy)
        .chain(trunk.registrars());
    for uri in named.filter_map(|text| Uri::parse(text).ok()) {
        for flow in house.flows(&uri) {
            account = account.also_for(flow);
        }
    }
    Some(account)
}

/// What we prove ourselves to a trunk with, for where its calls come from.
pub(crate) fn account(trunk: &Trunk) -> Option<Credentials> {
    Some(Credentials {
        username: trunk.username.clone()?,
        password: Pii::new(trunk.password.as_ref()?.0.clone()),
        realm: trunk.realm.clone(),
        hosts: trunk.allow_from.clone(),
    })
}

fn invite(
    house: &House,
    target: Uri,
    flow: Flow,
    identity: &Identity,
    domain: Option<&str>,
) -> OutgoingInvite {
    // Where the address is theirs by both. A registered phone's is not: only the flow of its REGISTER reaches it.
    let large = house
        .flow_to(Transport::Tcp, flow.remote)
        .filter(|_| flow.transport == Transport::Udp && domain.is_none());
    let here = domain
        .filter(|d| !d.is_empty())
        .map_or_else(|| flow.local.to_string(), str::to_owned);
    let who = if identity.number.is_empty() {
        "anonymous"
    } else {
        identity.number.as_str()
    };
    let mut from = NameAddr::from(Uri::sip(who, &here));
    if let Some(name) = &identity.name {
        from = from.with_display(name.as_str());
    }
    let mut headers = Headers::new();
    let asserted = match domain {
        Some(_) => shown::verified(&from, identity, &here),
        None => from.clone(),
    };
    headers.push(HeaderName::PAssertedIdentity, asserted);
    for h in identity.headers.iter() {
        headers.push_header(h.clone());
    }
    OutgoingInvite {
        flow,
        large,
        to: NameAddr::from(target.clone().without_headers()),
        contact: like(&target, house.contact(flow)),
        target,
        from,
        route: Vec::new(),
        headers,
        body: None,
        credentials: None,
        session_timer: house.session_timer,
        reliable: Reliable::Off,
    }
}

/// `sips:` where the other is (RFC 5630 section 4: a Contact has to be).
pub(crate) fn like(other: &Uri, uri: Uri) -> Uri {
    if other.scheme() == "sips" {
        uri.secured()
    } else {
        uri
    }
}

/// Our own address for Referred-By.
pub(crate) fn own_uri(house: &House, user: &str) -> Uri {
    let here = house
        .listen
        .first()
        .map_or_else(|| "localhost".to_owned(), |(_, a)| a.to_string());
    Uri::sip(user, &here)
}

/// How a flow looks in a Contact of ours.
pub(crate) fn contact_of(flow: Flow) -> Uri {
    flow.transport.mark(Uri::at("tandem", flow.local))
}
