//! What must hold after each step, and at the end of a run.

use super::{
    cast::{CAST, MAY_BE_CALLED_BACK, MAY_BE_DIALLED, Part},
    owed::Promises,
    play::Stage,
};
use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};
use tandem_phone::State;
use tandem_sim::{World, check::Stories};
use tandem_types::{
    CallId, LegId, Reason, TransferId, Wall,
    journal::{LegRole, What},
};

/// Everything may take its time to be over: Timer B and F (32 s), a silent leg being asked, the last words.
const WINDING_DOWN: Duration = Duration::from_secs(150);
/// A transfer is decided by then, whichever way it goes: the longest total and the longest REFER.
const DECIDED: Duration = Duration::from_secs(80);

/// Looks at a run as it goes on.
#[derive(Default)]
pub(crate) struct Watch {
    stories: Stories,
    events: usize,
    sent: usize,
    /// Calls in which legs may hear each other: people were joined, or it is a room.
    joined: BTreeSet<CallId>,
    echo: BTreeSet<CallId>,
    /// Legs to whoever is called without a brief.
    callees: BTreeSet<LegId>,
    transfers: BTreeMap<TransferId, Wall>,
    pub(crate) promises: Promises,
}

impl Watch {
    /// What broke a promise since the last look.
    pub(crate) fn look(&mut self, w: &World) -> Vec<String> {
        let mut out = Vec::new();
        for event in w.journal().iter().skip(self.events) {
            out.extend(self.stories.take(event));
            out.extend(self.promises.take(event).err());
            self.event(event.call, event.at, &event.what, &mut out);
        }
        self.events = w.journal().len();
        for (_, packet) in w.sent().iter().skip(self.sent) {
            let Some(sip) = packet.sip() else { continue };
            let Some(to) = sip.dials() else { continue };
            if MAY_BE_CALLED_BACK.contains(&to) {
                let call_id = sip.header("Call-ID").unwrap_or_default();
                out.extend(self.promises.dialled(to, call_id).err());
            } else if !MAY_BE_DIALLED.contains(&to) {
                out.push(format!("{to} was dialled, which nobody allowed"));
            }
        }
        self.sent = w.sent().len();
        out.extend(self.promises.kept(w).err());
        self.who_hears_whom(w, &mut out);
        let now = w.now().wall;
        for began in self.transfers.values() {
            let lasts = Duration::from_micros((now.0 - began.0).max(0) as u64);
            if lasts > DECIDED {
                out.push("a transfer is still undecided after 80 s".to_owned());
            }
        }
        out
    }

    fn event(&mut self, call: CallId, at: Wall, what: &What, out: &mut Vec<String>) {
        match what {
            What::CallStarted { start, .. } if start.starts_with("conference:") => {
                self.joined.insert(call);
            }
            What::CallStarted { start, .. } if start == "echo" => {
                self.echo.insert(call);
            }
            What::Bridged { .. } | What::TransferAccepted { .. } => {
                self.joined.insert(call);
            }
            What::LegCreated { leg, role, .. } if *role == LegRole::Callee => {
                self.callees.insert(*leg);
            }
            What::AgentEntered { .. } => {
                self.joined.remove(&call);
            }
            What::TransferStarted { transfer, .. } => {
                self.transfers.insert(*transfer, at);
            }
            What::TransferEnded { transfer, .. } => {
                self.transfers.remove(transfer);
            }
            What::CallEnded { end, .. } if end.reason == Reason::Internal => {
                out.push("a call ran into a fault of the gateway".to_owned());
            }
            _ => {}
        }
        let text = serde_json::to_string(what).unwrap_or_default();
        if text.contains("secret-") {
            out.push(format!("a secret is in the journal: {text}"));
        }
    }

    /// A consult leg hears nobody before it took the caller, and nobody hears it. Whoever is called without a brief may be heard before
    /// they answer (early media), and hears nobody either.
    fn who_hears_whom(&self, w: &World, out: &mut Vec<String>) {
        for (call, hears) in w.who_hears_whom() {
            let others = hears
                .iter()
                .flat_map(|(me, heard)| heard.iter().map(move |h| (me, h)))
                .find(|(me, heard)| {
                    let early = self.callees.contains(heard) && !self.callees.contains(me);
                    me != heard && !early
                });
            if let Some((me, heard)) = others.filter(|_| !self.joined.contains(call)) {
                out.push(format!(
                    "leg {} hears leg {} though nobody was joined",
                    me.index, heard.index
                ));
            }
        }
    }
}

/// Mends everything, lets the callers hang up, waits until it is over, and says what is left that should not be.
pub(crate) fn at_the_end(stage: &mut Stage, watch: &mut Watch) -> Vec<String> {
    stage.mend();
    // What is on its way to the gateway at the end is a call, too.
    let phones: Vec<_> = (0..CAST.len())
        .filter(|i| CAST[*i].2 != Part::Carrier && !stage.misled[*i])
        .map(|i| stage.phones[i])
        .collect();
    let idle = move |w: &World| phones.iter().all(|p| w.phone(*p).state() == State::Idle);
    let over = |w: &World| w.census() == Default::default() && idle(w);
    stage.w.run_until(WINDING_DOWN, over);
    let mut out = watch.look(&stage.w);
    if stage.w.switch_in_words().contains("secret-") {
        out.push("a secret is in what a log line would show of the switch".to_owned());
    }
    for (i, (name, _, part)) in CAST.iter().enumerate() {
        let phone = stage.w.phone(stage.phones[i]);
        if *part != Part::Carrier && !stage.misled[i] && phone.state() != State::Idle {
            out.push(format!("{name} is left in a call: {:?}", phone.state()));
        }
    }
    // A phone that was deaf may believe in a call that is over; it does not count.
    out.extend(stage.w.breaches());
    out
}

/// How many calls there were.
pub(crate) fn calls(w: &World) -> u64 {
    let began = |what: &What| matches!(what, What::CallStarted { .. });
    w.journal().iter().filter(|e| began(&e.what)).count() as u64
}
