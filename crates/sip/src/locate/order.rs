//! The order of a service's servers.

use tandem_types::{Rng, dns::Srv};

/// By priority, and within one by shares drawn anew (RFC 2782): a server comes next with the chance that its weight has among
/// those that are left.
pub(super) fn by_weight<'a>(mut servers: Vec<&'a Srv>, rng: &mut Rng) -> Vec<&'a Srv> {
    // Those without weight first, so that they have a very small chance of being drawn.
    servers.sort_by_key(|srv| (srv.priority, srv.weight > 0));
    let mut ordered = Vec::with_capacity(servers.len());
    while let Some(first) = servers.first() {
        let priority = first.priority;
        let peers = servers.iter().take_while(|srv| srv.priority == priority);
        let total: u64 = peers.clone().map(|srv| u64::from(srv.weight)).sum();
        let drawn = rng.below(total + 1);
        let mut sum = 0;
        let chosen = peers
            .map(|srv| {
                sum += u64::from(srv.weight);
                sum
            })
            .position(|sum| sum >= drawn);
        ordered.push(servers.remove(chosen.unwrap_or(0)));
    }
    ordered
}
