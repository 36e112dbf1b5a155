//! Who takes part: callers behind the carrier, desk phones, and the carrier itself.

use super::{CARRIER, GATEWAY, World, gateway};
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use tandem_phone::{Incoming, Phone, PhoneConfig, State};
use tandem_sip::{
    api::{Flow, Transport},
    message::Headers,
};
use tandem_types::Mono;

/// One phone of a world.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct PhoneId(pub(super) usize);

/// Where a phone is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// Behind the carrier: reached by its number, at the carrier's address.
    Carrier,
    /// On a desk, at an address of its own.
    Desk,
}

pub(super) struct Station {
    pub(super) phone: Phone,
    pub(super) place: Place,
    /// Its column.
    pub(super) actor: usize,
    /// When a caller's silence was excused (on hold, or before answer), for the check at the end.
    pub(super) on_hold: Vec<(Mono, Option<Mono>)>,
    /// It called the gateway: what it hears is what callers hear.
    pub(super) calls: bool,
    /// When its user pressed keys.
    pub(super) pressed: Vec<Mono>,
    /// When it was dead.
    pub(super) dead: Vec<(Mono, Option<Mono>)>,
    /// From answer to end of each call.
    pub(super) up: Vec<(Mono, Option<Mono>)>,
}

impl World {
    /// A phone behind the carrier: a caller, or somebody who is called outside. `number` is its number in E.164.
    pub fn outside(&mut self, name: &str, number: &str) -> PhoneId {
        self.outside_with(name, number, |_| {})
    }

    /// [`World::outside`], made to order.
    pub fn outside_with(
        &mut self,
        name: &str,
        number: &str,
        change: impl FnOnce(&mut PhoneConfig),
    ) -> PhoneId {
        let domain = CARRIER.to_string();
        let rtp = SocketAddr::new(CARRIER, 20_000 + 2 * self.stations.len() as u16);
        let mut config =
            PhoneConfig::new(name, number, &domain, SocketAddr::new(CARRIER, 5060), rtp);
        change(&mut config);
        self.add(config, Place::Carrier)
    }

    /// A desk phone with this extension, which answers challenges with the password `secret-EXTENSION`. Not yet registered.
    pub fn desk(&mut self, name: &str, extension: &str) -> PhoneId {
        self.desk_with(name, extension, |_| {})
    }

    /// [`World::desk`], made to order.
    pub fn desk_with(
        &mut self,
        name: &str,
        extension: &str,
        change: impl FnOnce(&mut PhoneConfig),
    ) -> PhoneId {
        let ip = IpAddr::V4(Ipv4Addr::new(10, 0, 1, 1 + self.stations.len() as u8));
        let sip = SocketAddr::new(ip, 5060);
        let domain = match self.plan.phones.domain.as_str() {
            "" => GATEWAY.to_string(),
            domain => domain.to_owned(),
        };
        let mut config = PhoneConfig::new(name, extension, &domain, sip, SocketAddr::new(ip, 4000));
        config.registrar = Some(Flow {
            transport: Transport::Udp,
            local: sip,
            remote: gateway(5060),
        });
        config.password = Some(format!("secret-{extension}"));
        change(&mut config);
        self.add(config, Place::Desk)
    }

    /// The carrier as such: takes the gateway's REGISTER and its calls to numbers that nobody has (404). Needed only where
    /// the gateway registers with it or dials such numbers.
    pub fn carrier(&mut self) -> PhoneId {
        self.outside_with("carrier", "", |c| {
            c.registrar_for_others = true;
            c.incoming = Incoming::Reject {
                status: 404,
                headers: Headers::new(),
            };
        })
    }

    fn add(&mut self, config: PhoneConfig, place: Place) -> PhoneId {
        let actor = match place {
            Place::Carrier => self.ladder.actor_before(&config.name, 0),
            Place::Desk => self.ladder.actor(&config.name),
        };
        let phone = Phone::new(config, self.rng.fork());
        self.stations.push(Station {
            phone,
            place,
            actor,
            on_hold: Vec::new(),
            calls: false,
            pressed: Vec::new(),
            dead: Vec::new(),
            up: Vec::new(),
        });
        PhoneId(self.stations.len() - 1)
    }

    /// The phone itself.
    ///
    /// # Panics
    /// If the id is of another world.
    pub fn phone(&self, id: PhoneId) -> &Phone {
        &self.stations[id.0].phone
    }

    /// Whether its call is up.
    pub fn is_up(&self, id: PhoneId) -> bool {
        self.phone(id).state() == State::Up
    }

    /// The phone that sends a leg its RTP.
    pub(super) fn phone_of(&self, leg: tandem_types::LegId) -> Option<usize> {
        let remote = self.leg_remotes.get(&leg)?;
        self.stations
            .iter()
            .position(|s| s.phone.config().local_rtp == *remote)
    }

    /// Who gets what is sent to this address: the phone whose own it is; at the carrier, the one that has the Call-ID (and did
    /// not send it), the one with the called number, or the carrier as such.
    pub(super) fn receiver(
        &self,
        packet: &crate::network::Packet,
        sender: Option<usize>,
    ) -> Option<usize> {
        let own = |s: &Station| {
            let config = s.phone.config();
            config.local_rtp == packet.to
                || (s.place == Place::Desk && config.local_sip == packet.to)
        };
        if let Some(i) = self.stations.iter().position(own) {
            return Some(i);
        }
        let glance = packet
            .sip()
            .filter(|_| packet.to == SocketAddr::new(CARRIER, 5060))?;
        let at_carrier = |i: &usize| {
            self.stations
                .get(*i)
                .is_some_and(|s| s.place == Place::Carrier)
        };
        let of_call = self.call_ids.get(glance.call_id());
        let known = of_call
            .into_iter()
            .flatten()
            .copied()
            .filter(at_carrier)
            .find(|i| Some(*i) != sender);
        let number = glance.target();
        let by_number = || {
            (0..self.stations.len())
                .filter(at_carrier)
                .find(|i| self.has_number(*i, number))
        };
        let carrier = || {
            (0..self.stations.len())
                .filter(at_carrier)
                .find(|i| self.has_number(*i, ""))
        };
        known.or_else(by_number).or_else(carrier)
    }

    fn has_number(&self, station: usize, number: &str) -> bool {
        let own = self
            .stations
            .get(station)
            .map(|s| s.phone.config().user.as_str());
        own.is_some_and(|own| own.trim_start_matches('+') == number.trim_start_matches('+'))
    }
}
