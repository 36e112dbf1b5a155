//! The gateway itself, started in the test's own process, and its journal as it is written.

use super::{
    lab::{Lab, SOON},
    office::Office,
};
use std::{collections::BTreeMap, time::Duration};
use tandem_server::{Gateway, config::read_hashed, start};
use tandem_store::CallDetail;
use tandem_types::{
    CallId,
    context::Speaker,
    journal::{Event, What},
};
use tokio::{sync::watch, task::JoinSet, time::timeout};

/// An utterance, its silence, an answer and another agent's first sentence fit into this.
pub(crate) const WORDS: Duration = Duration::from_secs(25);

/// A running gateway.
pub(crate) struct Running {
    gateway: Gateway,
    journal: watch::Receiver<Vec<Event>>,
    reader: JoinSet<()>,
    /// Events before this one were waited for already.
    at: usize,
}

impl Running {
    /// Starts it with this office.
    pub(crate) async fn start(lab: &Lab, office: &Office) -> Self {
        let dir = office.write(lab);
        let read = read_hashed(&dir).unwrap_or_else(|e| panic!("the office: {e}"));
        for warning in &read.warnings {
            eprintln!("{}", warning.message);
        }
        let data = lab.folder("data");
        let gateway = start(read, &dir, Some(&data.to_string_lossy()), |_| {})
            .await
            .unwrap_or_else(|e| panic!("the gateway: {e}"));
        let (tell, journal) = watch::channel(Vec::new());
        let mut events = gateway.events();
        let mut reader = JoinSet::new();
        reader.spawn(async move {
            while let Ok(event) = events.recv().await {
                tell.send_modify(|all: &mut Vec<Event>| all.push(event));
            }
        });
        Self {
            gateway,
            journal,
            reader,
            at: 0,
        }
    }

    /// Waits for the next event like this, which was not waited for yet.
    pub(crate) async fn until(&mut self, what: &str, like: impl Fn(&What) -> bool) -> Event {
        self.within(what, WORDS, like).await
    }

    /// As `until`, with a time of one's own.
    pub(crate) async fn within(
        &mut self,
        what: &str,
        limit: Duration,
        like: impl Fn(&What) -> bool,
    ) -> Event {
        let from = self.at;
        let position = |all: &Vec<Event>| {
            let mut after = all.iter().enumerate().skip(from);
            after.find(|(_, e)| like(&e.what)).map(|(n, _)| n)
        };
        let seen = timeout(limit, self.journal.wait_for(|all| position(all).is_some())).await;
        let found = seen.ok().and_then(Result::ok).and_then(|all| {
            let n = position(&all)?;
            Some((n, all[n].clone()))
        });
        let Some((n, event)) = found else {
            let all: Vec<String> = self
                .journal()
                .iter()
                .map(|e| format!("{:?}", e.what))
                .collect();
            panic!(
                "{what}: not within {} s; the journal has\n{}",
                limit.as_secs(),
                all.join("\n")
            );
        };
        self.at = n + 1;
        event
    }

    /// Waits until an agent has said something with this in it.
    pub(crate) async fn agent_said(&mut self, agent: &str, part: &str) -> Event {
        let what = format!("the {agent} agent saying {part:?}");
        self.until(&what, |w| {
            matches!(w, What::TurnEnded { speaker: Speaker::Agent(a), text, .. } if a == agent && text.contains(part))
        })
        .await
    }

    /// Waits for the next call that comes in: itself, and the Call-ID of its caller.
    pub(crate) async fn call(&mut self) -> (CallId, String) {
        let event = self
            .until("a call", |w| matches!(w, What::CallStarted { .. }))
            .await;
        match event.what {
            What::CallStarted { sip_call_id, .. } => (event.call, sip_call_id),
            _ => unreachable!("asked for it"),
        }
    }

    /// Waits for the end of the call.
    pub(crate) async fn ended(&mut self) -> Event {
        self.within("the end of the call", SOON, |w| {
            matches!(w, What::CallEnded { .. })
        })
        .await
    }

    /// Everything in the journal so far.
    pub(crate) fn journal(&self) -> Vec<Event> {
        self.journal.borrow().clone()
    }

    /// What the journal says of each leg of a call that was answered, by the leg's number.
    pub(crate) fn answered<T>(
        &self,
        call: CallId,
        of: impl Fn(&What) -> Option<(u32, T)>,
    ) -> Vec<T> {
        let events = self.journal.borrow();
        let of_call = events.iter().filter(|e| e.call == call);
        let legs: BTreeMap<u32, T> = of_call.filter_map(|e| of(&e.what)).collect();
        legs.into_values().collect()
    }

    /// The gateway.
    pub(crate) fn gateway(&self) -> &Gateway {
        &self.gateway
    }

    /// What the database has of a call, once everything is in it; its chain is whole.
    pub(crate) async fn record(&self, call: CallId) -> CallDetail {
        self.gateway.written().await;
        let store = self.gateway.store();
        let verdict = store.verify(call).await.expect("the database answers");
        assert_eq!(verdict.broken, None, "the chain of {call}");
        store
            .call(call)
            .await
            .expect("the database answers")
            .expect("one CDR")
    }

    /// Waits until nothing of any call is left: no call, no leg, and no transaction once its timers are over, the longest
    /// of which is 64*T1 (RFC 3261, table 4: D, H, J).
    pub(crate) async fn is_empty(&self) {
        let limit = Duration::from_secs(32) + SOON;
        super::lab::eventually("no call, no leg, no transaction", limit, async || {
            let left = self.gateway.snapshot().await.expect("the shard answers");
            (left.calls, left.legs, left.sip) == (0, 0, 0)
        })
        .await;
    }

    /// Stops it; calls that are still there are a mistake of the test's.
    pub(crate) async fn stop(mut self) {
        let left = self.gateway.stop(async {}).await;
        self.reader.abort_all();
        assert_eq!(left, 0, "calls were still running");
    }
}
