//! `[identity]`: whose signatures are believed (STIR/SHAKEN), and rules that ask what came of them.

use super::{
    Load,
    read::{Section, Val},
};
use crate::{Identity, Inspect};
use tandem_types::Attested;

impl<'a> Load<'a> {
    /// | key | default |
    /// |---|---|
    /// | `identity.authorities` | needed |
    /// | `identity.certificates` | needed |
    pub(super) fn identity(&self, s: &Section<'a>) -> Option<Identity> {
        let authorities = s.need("authorities", "\"stir/roots.pem\"");
        let certificates = s.need("certificates", "\"stir/certificates\"");
        let authorities = authorities.and_then(|v| v.words())?;
        let certificates = certificates.and_then(|v| v.words())?;
        for text in [&authorities, &certificates] {
            if !(self.exists)(&text.value) {
                text.spot.error(format!("there is no {}", text.value)).help(
                    "certificates are kept here as `wget -x -P stir/certificates URL` writes them: in a folder for each host",
                );
                return None;
            }
        }
        let look = self.host.inspect;
        let found = look.map(|look| look(Inspect::Authorities(&authorities.value)));
        for complaint in found.into_iter().flatten() {
            drop(match complaint.fatal {
                true => authorities.spot.error(complaint.what),
                false => authorities.spot.warning(complaint.what),
            });
        }
        Some(Identity {
            authorities: authorities.value,
            certificates: certificates.value,
        })
    }

    /// `attestation = ["A", "B"]` of a rule.
    pub(super) fn attestation(&self, v: &Val<'a>) -> Vec<Attested> {
        let known = Attested::ALL.map(|a| (a.as_str(), a));
        let named = v.list().unwrap_or_default();
        let all = named
            .iter()
            .filter_map(|one| one.choice(&known, &[]))
            .collect();
        let trusts = self.plan.trunks.values().any(|t| t.trusts_verstat);
        if self.plan.node.identity.is_none() && !trusts {
            v.key_spot
                .warning("no number is ever verified, so all of them are \"none\"")
                .help("add [identity] to tandem.toml, or verstat = \"trust\" under [numbers] of a trunk whose carrier verifies");
        }
        all
    }
}
