//! What is known of a caller's number: a signature that came along (STIR/SHAKEN), or the word of a carrier that is believed.

use super::{Switch, says::shown_as};
use tandem_dialplan::Trunk;
use tandem_sip::{
    message::{HeaderName, Request, Verstat},
    stir::{self, Claim},
};
use tandem_types::{Attested, Now};

/// What is known, and why a signature is not believed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Known {
    pub(super) attested: Attested,
    pub(super) why: Option<String>,
}

impl Switch {
    /// Whose signatures are believed from now on.
    pub fn believe(&mut self, authorities: std::sync::Arc<stir::Authorities>) {
        self.authorities = Some(authorities);
    }

    /// Of a trunk's call to `called`. The number that is shown has to be the one that was signed for.
    pub(super) fn attested(
        &self,
        now: Now,
        trunk: &Trunk,
        request: &Request,
        called: &str,
    ) -> Known {
        if trunk.trusts_verstat
            && let Some(attested) = said(request)
        {
            return Known {
                attested,
                why: attested_why(attested),
            };
        }
        let Some(authorities) = &self.authorities else {
            return Known::default();
        };
        let identities: Vec<&str> = request.headers.all(&HeaderName::Identity).collect();
        if identities.is_empty() {
            return Known::default();
        }
        let e164 = |user: &str| trunk.inbound_format.to_e164(user, &trunk.country);
        let caller = shown_as(request).into_iter();
        let caller = caller.flat_map(|who| [e164(number(&who)), who.to_string()]);
        let to = request.to().map(|to| to.uri.clone());
        let to = to
            .iter()
            .flat_map(|uri| [e164(number(uri)), uri.to_string()]);
        let claim = Claim {
            caller: caller.collect(),
            called: to.chain([called.to_owned()]).collect(),
        };
        match stir::verify(authorities, now, identities, &claim) {
            Ok(attested) => Known {
                attested,
                why: None,
            },
            Err(fault) => Known {
                attested: Attested::Failed,
                why: Some(fault.to_string()),
            },
        }
    }
}

/// The number in a URI, without what may stand behind it (RFC 3261 section 19.1.6).
pub(super) fn number(uri: &tandem_sip::message::Uri) -> &str {
    uri.user()
        .unwrap_or_default()
        .split(';')
        .next()
        .unwrap_or_default()
}

/// What a carrier says that has verified the number itself: `verstat`, with P-Attestation-Indicator where there is one.
fn said(request: &Request) -> Option<Attested> {
    let level = || {
        let header = HeaderName::from("P-Attestation-Indicator");
        let value = request.headers.first(&header)?;
        Attested::of_level(value.trim())
    };
    Some(match request.headers.verstat()? {
        Verstat::Passed => level().unwrap_or(Attested::Passed),
        Verstat::Failed => Attested::Failed,
        Verstat::NotValidated => Attested::Unsigned,
    })
}

fn attested_why(attested: Attested) -> Option<String> {
    (attested == Attested::Failed).then(|| "the carrier does not believe it".to_owned())
}
