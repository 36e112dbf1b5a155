//! TLS: our certificate, and whom trunks believe. What is in the files only the machine knows ([`Inspector`]).

use super::{
    Load,
    read::{Section, Val},
    spot::Spot,
};
use crate::{Listen, ListenBy, Node, NodeTls, Trunk, TrunkTls};

/// What is looked at.
#[derive(Clone, Copy, Debug)]
pub enum Inspect<'a> {
    /// Our certificate and key; phones know us by this name.
    Own(&'a NodeTls, Option<&'a str>),
    /// A file of certificate authorities.
    Authorities(&'a str),
}

/// What a complaint is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TlsPart {
    /// Our certificate.
    Certificate,
    /// Its key.
    Key,
    /// Certificate authorities.
    Authorities,
}

/// One thing that is wrong with a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TlsComplaint {
    /// With which.
    pub part: TlsPart,
    /// There can be no TLS; else there can, and the far end will refuse it.
    pub fatal: bool,
    /// The fact, and the file.
    pub what: String,
}

/// Looks into files.
pub type Inspector<'a> = &'a dyn Fn(Inspect<'_>) -> Vec<TlsComplaint>;

/// Where the files of `[sip.tls]` are written.
#[derive(Clone, Copy)]
pub(super) struct OwnSpots<'a> {
    certificate: Spot<'a>,
    key: Spot<'a>,
    authorities: Spot<'a>,
}

const LIKE: &str = "[sip.tls]\n  certificate = \"tls/fullchain.pem\"\n  key = \"tls/privkey.pem\"";

impl<'a> Load<'a> {
    /// | key | default |
    /// |---|---|
    /// | `sip.tls.certificate`, `sip.tls.key` | needed where something listens by `tls://` |
    /// | `sip.tls.client_ca` | clients are not asked for certificates |
    /// | `sip.tls.client_certificates` | `optional` |
    pub(super) fn own_tls(&mut self, sip: &Section<'a>, node: &mut Node) {
        let listens = |l: &&Listen| matches!(l.by, ListenBy::Tls | ListenBy::Wss);
        let Some(s) = sip.section("tls") else {
            if let (Some(_), Some(v)) = (node.listen.iter().find(listens), sip.opt("listen")) {
                v.spot
                    .error("a listener by TLS (tls://, wss://) needs a certificate")
                    .help(format!("add: {LIKE}"));
            }
            return;
        };
        let certificate = s.need("certificate", "\"tls/fullchain.pem\"");
        let key = s.need("key", "\"tls/privkey.pem\"");
        let ca = s.opt("client_ca");
        let required = s
            .opt("client_certificates")
            .and_then(|v| v.choice(&[("optional", false), ("required", true)], &[]));
        let (Some(certificate), Some(key)) = (certificate, key) else {
            return;
        };
        if let (Some(true), None) = (required, &ca) {
            s.spot
                .error("whose certificates are required? `client_ca` is not there")
                .help("add: client_ca = \"tls/clients-ca.pem\", the authority that signed them");
        }
        let path = |v: &Val<'a>| v.words().map(|t| t.value);
        if let (Some(c), Some(k)) = (path(&certificate), path(&key)) {
            node.tls = Some(NodeTls {
                certificate: c,
                key: k,
                client_ca: ca.as_ref().and_then(path),
                client_required: required.unwrap_or(false),
            });
        }
        self.own_tls = Some(OwnSpots {
            certificate: certificate.spot,
            key: key.spot,
            authorities: ca.map_or(s.spot, |v| v.spot),
        });
    }

    /// What is in the files of `[sip.tls]`, once it is known how phones know us.
    pub(super) fn inspect_own_tls(&self) {
        let (Some(inspect), Some(spots)) = (self.host.inspect, self.own_tls) else {
            return;
        };
        let Some(tls) = &self.plan.node.tls else {
            return;
        };
        let domain = Some(self.plan.phones.domain.as_str()).filter(|d| !d.is_empty());
        for complaint in inspect(Inspect::Own(tls, domain)) {
            let spot = match complaint.part {
                TlsPart::Certificate => spots.certificate,
                TlsPart::Key => spots.key,
                TlsPart::Authorities => spots.authorities,
            };
            file(spot, &complaint);
        }
    }

    /// | key | default |
    /// |---|---|
    /// | `tls.ca` | the authorities that the machine believes |
    /// | `tls.server_name` | the host of `peers` |
    pub(super) fn trunk_tls(&self, root: &Section<'a>, t: &mut Trunk) {
        let Some(s) = root.section("tls") else { return };
        if let Some(v) = s.opt("ca")
            && let Some(path) = v.words().map(|t| t.value)
        {
            let complaints = self.host.inspect.map(|i| i(Inspect::Authorities(&path)));
            for complaint in complaints.unwrap_or_default() {
                file(v.spot, &complaint);
            }
            t.tls.ca = Some(path);
        }
        if let Some(v) = s.opt("server_name") {
            t.tls.server_name = v.words().map(|t| t.value);
        }
        let all = t.peers.iter().chain(&t.outbound_proxy);
        let mut all = all.chain(t.registrars());
        // A name without a transport may lead to TLS by its NAPTR records.
        let may = |uri: &String| {
            uri.starts_with("sips:") || !uri.contains("transport=") || asks_for_tls(uri)
        };
        if t.tls != TrunkTls::default() && !all.any(may) {
            s.spot.warning("nothing of this trunk goes by TLS").help(
                "write peers = [\"sip:sbc.carrier.example;transport=tls\"], or take this out",
            );
        }
    }
}

/// The URI of a server says TLS.
pub(crate) fn asks_for_tls(uri: &str) -> bool {
    uri.starts_with("sips:") || uri.to_ascii_lowercase().contains("transport=tls")
}

fn file(spot: Spot<'_>, complaint: &TlsComplaint) {
    match complaint.fatal {
        true => drop(spot.error(&complaint.what)),
        false => drop(spot.warning(&complaint.what)),
    }
}
