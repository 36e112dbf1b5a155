//! Who calls, asked of another system as soon as the call is there.
//!
//! ```text
//!  no number, no look-up ─► (none)
//!  a call comes in ─► Asked ──answer─────────────► Known: name and facts, for greetings, agents and people's phones
//!                       │  └──fault, no answer───► Known: nothing
//!                       └──the call is over──────► (none)
//! ```

use super::{Call, Ctx};
use crate::api::Output;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use tandem_agent::tool::{Fact, caller_lookup, facts, judged};
use tandem_types::{
    Mono, RequestId,
    canonical::canonical_json,
    journal::What,
    provider::{ProviderCommand, ProviderEvent, ProviderFault},
    tool::{Effect, GRACE, HttpAnswer},
};

/// The first request of a call; the conversation counts on from there.
pub(crate) const REQUEST: u32 = 1;

/// What it is called in the journal and in metrics.
const NAME: &str = "caller_lookup";

/// What is known of the caller.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Lookup {
    /// Nobody is asked.
    #[default]
    None,
    /// Somebody is.
    Asked {
        since: Mono,
        /// A greeting waits no longer.
        by: Mono,
    },
    /// They have answered.
    Known(Vec<Fact>),
}

impl Lookup {
    /// Until when what it tells may be worth waiting for.
    pub(crate) fn waits(&self) -> Option<Mono> {
        match self {
            Self::Asked { by, .. } => Some(*by),
            Self::None | Self::Known(_) => None,
        }
    }

    /// What it has told.
    pub(crate) fn facts(&self) -> &[Fact] {
        match self {
            Self::Known(facts) => facts,
            Self::None | Self::Asked { .. } => &[],
        }
    }

    pub(crate) fn poll_timeout(&self) -> Option<(Mono, &'static str)> {
        match self {
            Self::Asked { by, .. } => Some((*by + GRACE, "caller look-up")),
            Self::None | Self::Known(_) => None,
        }
    }
}

impl Call {
    /// The call is there, and nobody has answered it yet.
    pub(crate) fn look_up(&mut self, cx: &mut Ctx<'_>) {
        let plan = self.dialplan(cx.plan);
        let plan = plan.and_then(|d| d.rules.caller_lookup.clone());
        let Some(plan) = plan.filter(|_| !self.help && self.phone.is_none()) else {
            return;
        };
        let Some(ask) = caller_lookup(&plan, &self.from) else {
            return;
        };
        let arguments = canonical_json(&BTreeMap::from([("from_e164", &self.from)]));
        self.journal(
            cx,
            What::ToolCalled {
                request: REQUEST,
                tool: NAME.to_owned(),
                effect: Effect::Read,
                turn: String::new(),
                arguments,
                key: None,
            },
        );
        self.lookup = Lookup::Asked {
            since: cx.now.mono,
            by: cx.now.mono + plan.timeout,
        };
        cx.out.push_back(Output::Provider(ProviderCommand::Fetch {
            request: self.lookup_request(),
            ask: Box::new(ask),
        }));
    }

    fn lookup_request(&self) -> RequestId {
        RequestId {
            call: self.id,
            index: REQUEST,
        }
    }

    /// Whether this was the answer.
    pub(crate) fn looked_up(&mut self, cx: &mut Ctx<'_>, event: &ProviderEvent) -> bool {
        match event {
            ProviderEvent::Fetched { request, result } if *request == self.lookup_request() => {
                self.lookup_answered(cx, result);
                true
            }
            _ => false,
        }
    }

    fn lookup_answered(&mut self, cx: &mut Ctx<'_>, result: &Result<HttpAnswer, ProviderFault>) {
        if !matches!(self.lookup, Lookup::Asked { .. }) {
            return;
        }
        let plan = self.dialplan(cx.plan);
        let plan = plan.and_then(|d| d.rules.caller_lookup.clone());
        let (outcome, known) = match judged(result) {
            Ok(answer) => {
                let keep = plan.map(|p| p.keep.clone()).unwrap_or_default();
                ("ok".to_owned(), facts(&keep, &answer, NAME))
            }
            Err(fault) => (fault.label(), Vec::new()),
        };
        let kept = known.iter().map(|f| f.name.clone()).collect();
        self.lookup_ended(cx, outcome, kept);
        if let Some(name) = known.iter().find(|f| f.name == "name") {
            self.from_name = Some(name.value.clone());
        }
        self.lookup = Lookup::Known(known.clone());
        self.talk_input(cx, tandem_agent::Input::LookedUp { facts: known });
    }

    fn lookup_ended(&mut self, cx: &mut Ctx<'_>, outcome: String, kept: Vec<String>) {
        let Lookup::Asked { since, .. } = self.lookup else {
            return;
        };
        self.look_up_ended(cx, NAME, (REQUEST, since), outcome, kept);
    }

    /// The end of a request, by its number and since when it was under way.
    pub(super) fn look_up_ended(
        &mut self,
        cx: &mut Ctx<'_>,
        name: &str,
        (request, since): (u32, Mono),
        outcome: String,
        kept: Vec<String>,
    ) {
        let ms = cx.now.mono.since(since).as_millis();
        let ended = What::ToolEnded {
            request,
            tool: name.to_owned(),
            outcome,
            ms: u32::try_from(ms).unwrap_or(u32::MAX),
            kept,
        };
        self.journal(cx, ended);
    }

    /// A driver that has said nothing of it.
    pub(crate) fn lookup_due(&mut self, cx: &mut Ctx<'_>) {
        let due = self.lookup.poll_timeout();
        if due.is_some_and(|(at, _)| at <= cx.now.mono) {
            let request = self.lookup_request();
            cx.out
                .push_back(Output::Provider(ProviderCommand::CancelFetch { request }));
            self.lookup_answered(cx, &Err(ProviderFault::TimedOut));
        }
    }

    /// The call is over.
    pub(crate) fn abandon_lookup(&mut self, cx: &mut Ctx<'_>) {
        self.lookup_ended(cx, "caller_gone".to_owned(), Vec::new());
        self.lookup = Lookup::None;
    }
}
