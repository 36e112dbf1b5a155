//! From a destination of the dialplan to INVITEs: who may be dialled, where they are, and as whom we
//! call. No leg is dialled past [`to`], which asks the plan's limits for every single one.

use crate::{house::House, leg::Learn};
use tandem_dialplan::{Destination, DialTarget, Extension, Nat, Node, Plan, Prack, Trunk};
use tandem_sip::{
    api::{Credentials, Flow, OutgoingInvite, Reliable, SessionTimer, Transport},
    message::{HeaderName, Headers, NameAddr, Uri},
};
use tandem_types::{Party, Pii, Reason, SrtpPolicy, Termination, media::Codec};

/// As whom we call.
#[derive(Clone, Debug)]
pub(crate) struct Identity {
    /// The caller's number; empty when withheld.
    pub(crate) number: String,
    /// What the phone shows.
    pub(crate) name: Option<String>,
    /// Alert-Info, User-to-User and the like.
    pub(crate) headers: Headers,
}

/// What a leg is made with.
#[derive(Clone, Debug)]
pub(crate) struct Shape {
    pub(crate) codecs: Vec<Codec>,
    pub(crate) srtp: SrtpPolicy,
    pub(crate) learn: Learn,
    pub(crate) trunk: Option<String>,
    /// The user of a registered phone.
    pub(crate) phone: Option<String>,
}

/// One leg to be dialled.
#[derive(Clone, Debug)]
pub(crate) struct Dialled {
    pub(crate) peer: String,
    pub(crate) shape: Shape,
    /// In the order in which they are tried.
    pub(crate) ways: Vec<OutgoingInvite>,
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

/// The legs that a destination stands for now.
pub(crate) fn to(
    plan: &Plan,
    house: &mut House,
    dialplan: Option<&str>,
    called: &str,
    destination: &Destination,
    identity: &Identity,
) -> Result<Vec<Dialled>, NoWay> {
    match destination {
        Destination::Ext(number) => {
            plan.may_dial(dialplan, DialTarget::Ext(number))
                .map_err(|f| forbidden(f.rule))?;
            let ext = plan
                .extension(number)
                .ok_or_else(|| no(Reason::WrongNumber))?;
            extension(plan, house, ext, number, identity)
        }
        Destination::Outside(name) => {
            let outside = dialplan
                .and_then(|d| plan.dialplans.get(d))
                .and_then(|d| d.outside.get(name))
                .ok_or_else(|| no(Reason::NoRoute))?;
            trunks(plan, house, dialplan, &outside.via, &outside.dial, identity)
        }
        Destination::Trunk(name, number) => {
            let number = number.as_deref().unwrap_or(called);
            trunks(
                plan,
                house,
                dialplan,
                std::slice::from_ref(name),
                number,
                identity,
            )
        }
        Destination::Sip(uri) => {
            plan.may_dial(dialplan, DialTarget::Sip(uri))
                .map_err(|f| forbidden(f.rule))?;
            let target = Uri::parse(&with_scheme(uri)).map_err(|_| no(Reason::WrongNumber))?;
            let flows = house.flows(&target);
            let invite = |flow| invite(house, target.clone(), flow, identity, None, None);
            let ways: Vec<OutgoingInvite> = flows.into_iter().map(invite).collect();
            if ways.is_empty() {
                return Err(no(Reason::Unreachable));
            }
            let shape = Shape {
                codecs: vec![Codec::Pcmu, Codec::Pcma],
                srtp: SrtpPolicy::Off,
                learn: Learn::Auto,
                trunk: None,
                phone: None,
            };
            Ok(vec![Dialled {
                peer: uri.clone(),
                shape,
                ways,
            }])
        }
        _ => Err(no(Reason::NoRoute)),
    }
}

fn with_scheme(uri: &str) -> String {
    if uri.starts_with("sip:") || uri.starts_with("sips:") {
        uri.to_owned()
    } else {
        format!("sip:{uri}")
    }
}

fn extension(
    plan: &Plan,
    house: &mut House,
    ext: &Extension,
    number: &str,
    identity: &Identity,
) -> Result<Vec<Dialled>, NoWay> {
    if let Some((user, _)) = &ext.registers {
        let legs: Vec<Dialled> = house
            .contacts(user)
            .into_iter()
            .map(|phone| {
                let (flow, domain) = (phone.flow, Some(plan.phones.domain.as_str()));
                let invite = invite(house, phone.uri, flow, identity, domain, None);
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
                let shape = Shape {
                    codecs: plan.phones.codecs.clone(),
                    srtp: plan.phones.srtp,
                    learn,
                    trunk: None,
                    phone: Some(user.clone()),
                };
                Dialled {
                    peer: number.to_owned(),
                    shape,
                    ways: vec![invite],
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
        return Ok(legs);
    }
    let trunk = ext
        .via
        .as_ref()
        .and_then(|t| plan.trunks.get(t))
        .ok_or_else(|| no(Reason::NoRoute))?;
    leg_of(number, through(house, trunk, number, identity))
}

/// An INVITE by a trunk.
struct Through<'p> {
    trunk: &'p Trunk,
    /// Its peer answers, as far as is known, and nothing is known against this server of the peer.
    up: bool,
    invite: OutgoingInvite,
}

/// A leg that tries these in order, those last that do not answer.
fn leg_of(number: &str, mut ways: Vec<Through<'_>>) -> Result<Vec<Dialled>, NoWay> {
    ways.sort_by_key(|way| !way.up);
    let Some(first) = ways.first() else {
        return Err(no(Reason::Unreachable));
    };
    Ok(vec![Dialled {
        peer: number.to_owned(),
        shape: shape_of(first.trunk),
        ways: ways.into_iter().map(|way| way.invite).collect(),
    }])
}

/// How legs of a trunk are made.
pub(crate) fn shape_of(trunk: &Trunk) -> Shape {
    let learn = match trunk.nat {
        Nat::Auto => Learn::Auto,
        Nat::Yes => Learn::Source,
        Nat::No => Learn::No,
    };
    Shape {
        codecs: trunk.codecs.clone(),
        srtp: trunk.srtp,
        learn,
        trunk: Some(trunk.name.clone()),
        phone: None,
    }
}

fn trunks(
    plan: &Plan,
    house: &mut House,
    dialplan: Option<&str>,
    via: &[String],
    number: &str,
    identity: &Identity,
) -> Result<Vec<Dialled>, NoWay> {
    let mut refused = no(Reason::Unreachable);
    let mut ways = Vec::new();
    let mut allowed = false;
    for name in via {
        let Some(trunk) = plan.trunks.get(name).filter(|t| t.outbound) else {
            continue;
        };
        if let Err(f) = plan.may_dial(
            dialplan,
            DialTarget::Trunk {
                trunk: name,
                number,
            },
        ) {
            refused = forbidden(f.rule);
            continue;
        }
        if !house.has_slot(trunk, true) {
            refused = no(Reason::Capacity);
            continue;
        }
        allowed = true;
        ways.extend(through(house, trunk, number, identity));
    }
    if !allowed {
        return Err(refused);
    }
    leg_of(number, ways)
}

/// An INVITE for each server of each peer of a trunk, in order.
fn through<'p>(
    house: &mut House,
    trunk: &'p Trunk,
    number: &str,
    identity: &Identity,
) -> Vec<Through<'p>> {
    // Our own number with the caller's in the name: carriers block numbers that are not ours (field note 12).
    let shown = Identity {
        number: trunk
            .caller_id
            .clone()
            .unwrap_or_else(|| identity.number.clone()),
        name: identity
            .name
            .clone()
            .or_else(|| Some(identity.number.clone()).filter(|n| !n.is_empty())),
        headers: identity.headers.clone(),
    };
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
            let target = like(&peer, Uri::sip(number, &server));
            let mut invite = invite(house, target, flow, &shown, None, credentials.clone());
            invite.route.extend(proxy.clone());
            invite.reliable = reliable(trunk.prack);
            invite.session_timer = invite.session_timer.filter(|_| trunk.session_timers);
            let up = up && !house.is_dead(flow);
            all.push(Through { trunk, up, invite });
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
    let registrar = trunk.register.as_ref().map(|(uri, _)| uri);
    let named = trunk
        .peers
        .iter()
        .chain(&trunk.outbound_proxy)
        .chain(registrar);
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
    credentials: Option<Credentials>,
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
    headers.push(HeaderName::PAssertedIdentity, &from);
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
        credentials,
        session_timer: house.session_timer,
        reliable: Reliable::Off,
    }
}

/// Where a REFER to this trunk may send the caller; `None`: it cannot reach that target itself (field note 5: a
/// carrier cannot reach `ext:200`), so it is bridged.
pub(crate) fn refer_to(
    plan: &Plan,
    _house: &House,
    dialplan: Option<&str>,
    trunk: &Trunk,
    target: &Destination,
) -> Option<Uri> {
    let peer = Uri::parse(trunk.peers.first()?).ok()?;
    let number = match target {
        Destination::Ext(number) => {
            plan.may_dial(dialplan, DialTarget::Ext(number)).ok()?;
            let ext = plan.extension(number)?;
            (ext.via.as_deref() == Some(trunk.name.as_str())).then_some(number.as_str())?
        }
        Destination::Outside(name) => {
            let outside = plan.dialplans.get(dialplan?)?.outside.get(name)?;
            let via = DialTarget::Trunk {
                trunk: &trunk.name,
                number: &outside.dial,
            };
            plan.may_dial(dialplan, via).ok()?;
            outside.dial.as_str()
        }
        Destination::Sip(uri) => {
            plan.may_dial(dialplan, DialTarget::Sip(uri)).ok()?;
            return Uri::parse(&with_scheme(uri)).ok();
        }
        _ => return None,
    };
    Some(like(&peer, Uri::sip(number, &peer.host_port()?)))
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
    flow.transport
        .mark(Uri::sip("tandem", &flow.local.to_string()))
}
