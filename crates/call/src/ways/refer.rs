//! Where a carrier may send a caller by itself.

use super::{like, with_scheme};
use crate::house::House;
use tandem_dialplan::{Destination, DialTarget, Plan, Trunk};
use tandem_sip::message::Uri;

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
    let number = trunk.outbound_format.from_e164(number, &trunk.country);
    Some(like(&peer, Uri::sip(number.as_str(), &peer.host_port()?)))
}
