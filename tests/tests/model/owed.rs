//! Callers who are to be called back, as the journal tells of them: nobody is called whom the plan does not allow, none is lost, or tried
//! twice at a time, and each ends once.

use super::cast::MAY_BE_CALLED_BACK;
use std::collections::{BTreeMap, BTreeSet};
use tandem_sim::World;
use tandem_types::{
    CallId,
    journal::{CallbackEnd, CallbackTry, Event, What},
};

/// One who asked.
struct Promise {
    number: String,
    ended: bool,
    /// The call in which their phone rings, or they speak.
    dialled: Option<CallId>,
}

/// What has become of everybody who asked.
#[derive(Default)]
pub(crate) struct Promises {
    /// By the calls in which they asked.
    all: BTreeMap<CallId, Promise>,
    /// Calls in which people are asked, and whom they are to call.
    calls: BTreeMap<CallId, String>,
    /// How often each number may have been called.
    dials: BTreeMap<String, usize>,
    /// Calls to each number, by their Call-IDs.
    seen: BTreeMap<String, BTreeSet<String>>,
    /// How often each thing happened.
    pub(crate) counts: BTreeMap<&'static str, u64>,
}

impl Promises {
    /// What is wrong with this event after all before it.
    pub(crate) fn take(&mut self, event: &Event) -> Result<(), String> {
        let call = event.call;
        match &event.what {
            What::CallbackAsked { wish } => {
                self.count("asked");
                let number = wish.number.clone();
                if !MAY_BE_CALLED_BACK.contains(&number.as_str()) {
                    return Err("somebody is promised to be called back who may not be".into());
                }
                if self.open(&number).is_some() {
                    return Err("somebody is promised twice to be called back".into());
                }
                let promise = Promise {
                    number,
                    ended: false,
                    dialled: None,
                };
                self.all.insert(call, promise);
            }
            What::CallStarted { via, to, .. } if via == "callback" => {
                self.count("people rung");
                self.calls.insert(call, to.clone());
                match self.open(to) {
                    None => return Err("people are rung for nobody".into()),
                    Some(p) if p.dialled.is_some() => {
                        return Err("people are rung for somebody who is being called".into());
                    }
                    Some(_) => {}
                }
            }
            What::CallbackDialled { callback } => {
                self.count("called");
                let promise = self.promise(*callback)?;
                if promise.dialled.replace(call).is_some() {
                    return Err("somebody is called twice at a time".into());
                }
                let number = promise.number.clone();
                *self.dials.entry(number).or_default() += 1;
            }
            What::CallbackTried { callback, how, .. } => {
                self.count(match how {
                    CallbackTry::Spoke => "tried: spoke",
                    CallbackTry::NotReached => "tried: not reached",
                    CallbackTry::NobodyTook => "tried: nobody took it",
                });
                if self.calls.remove(&call).is_none() {
                    return Err("a call has tried twice, or was none that tries".into());
                }
                let Some(promise) = self.all.get_mut(callback) else {
                    return Err("what was tried was never promised".into());
                };
                let dialled = promise.dialled == Some(call);
                if dialled {
                    promise.dialled = None;
                }
                if dialled != (*how != CallbackTry::NobodyTook) {
                    return Err(format!("a try ended as {how:?}, called: {dialled}"));
                }
            }
            What::CallbackEnded { callback, end, by } => {
                self.count(match (end, by.as_str()) {
                    (CallbackEnd::Done, _) => "ended: done",
                    (CallbackEnd::GivenUp, _) => "ended: given up",
                    (CallbackEnd::Expired, _) => "ended: expired",
                    (CallbackEnd::Cancelled, "caller") => "ended: served in a call of their own",
                    (CallbackEnd::Cancelled, _) => "ended: by an admin",
                });
                self.promise(*callback)?.ended = true;
            }
            What::CallEnded { .. } if self.calls.contains_key(&call) => {
                return Err("a call that was to call somebody back says nothing of it".into());
            }
            _ => {}
        }
        Ok(())
    }

    fn count(&mut self, what: &'static str) {
        *self.counts.entry(what).or_default() += 1;
    }

    fn open(&self, number: &str) -> Option<&Promise> {
        let mut all = self.all.values();
        all.find(|p| p.number == number && !p.ended)
    }

    fn promise(&mut self, callback: CallId) -> Result<&mut Promise, String> {
        let promise = self.all.get_mut(&callback).filter(|p| !p.ended);
        promise.ok_or_else(|| "what nobody is owed, or not any more, is done or ended".to_owned())
    }

    /// An INVITE to one of those who may be called back: there is one for each time that a person took it.
    pub(crate) fn dialled(&mut self, number: &str, call_id: &str) -> Result<(), String> {
        let seen = self.seen.entry(number.to_owned()).or_default();
        seen.insert(call_id.to_owned());
        match seen.len() <= self.dials.get(number).copied().unwrap_or(0) {
            true => Ok(()),
            false => Err(format!(
                "{number} was dialled, and nobody took it upon them"
            )),
        }
    }

    /// What is owed is what the switch knows of, and something will come of each.
    pub(crate) fn kept(&self, w: &World) -> Result<(), String> {
        let known = w.owed();
        let open = self.all.iter().filter(|(_, p)| !p.ended);
        if !open.map(|(id, _)| id).eq(known.iter().map(|(id, _)| id)) {
            return Err("what was promised is not what the switch knows of".into());
        }
        match known.iter().all(|(_, goes_on)| *goes_on) {
            true => Ok(()),
            false => Err("somebody waits to be called back, and nothing will come of it".into()),
        }
    }
}
