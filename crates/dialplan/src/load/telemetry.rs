//! `[telemetry]` of `tandem.toml`.

use super::{Load, read::Section, values::good_host};
use crate::Hep;

/// Where capture servers listen (HEP has no port of IANA's; Homer's, Kamailio's and sngrep's habit).
const HEP_PORT: u16 = 9060;
/// The agent that a capture server shows where nobody said another.
const AGENT: u32 = 2001;

impl<'a> Load<'a> {
    pub(super) fn telemetry(&self, s: &Section<'a>) -> Option<Hep> {
        s.later(&[
            (
                "otlp",
                "traces over OTLP (otlp); /metrics is served at http.listen",
            ),
            ("trace_ring", "another size of the ring of messages"),
        ]);
        let s = s.section("hep")?;
        let agent_id = s.opt("agent_id").and_then(|v| v.whole(0..=u32::MAX));
        let password = s.opt("password").and_then(|v| v.secret(self.secrets));
        let to = s
            .need("to", "\"udp:homer.northgate.example:9060\"")?
            .words()?;
        let Some(rest) = to.value.strip_prefix("udp:").filter(|rest| good_host(rest)) else {
            to.spot
                .error(format!("{:?} is no capture server", to.value))
                .help("HEP goes over UDP here; write it like \"udp:homer.northgate.example:9060\"");
            return None;
        };
        let (host, port) = match rest.rsplit_once(':') {
            Some((host, port)) if !port.ends_with(']') => (host, port.parse().ok()?),
            _ => (rest, HEP_PORT),
        };
        Some(Hep {
            host: host.to_owned(),
            port,
            agent_id: agent_id.unwrap_or(AGENT),
            password,
        })
    }
}
