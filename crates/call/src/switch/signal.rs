//! What comes from the network, through the endpoint, to the call that it belongs to; and the trace of it.

use super::{PAST, Switch, admit::Admitted};
use crate::api::Output;
use tandem_sip::{
    api::{Event, Flow, Output as SipOutput, SessionId, Transport},
    message::Message,
    stun::{self, Stun},
};
use tandem_types::Now;

impl Switch {
    pub(super) fn packet(&mut self, now: Now, from: Flow, bytes: bytes::Bytes) {
        if from.transport == Transport::Udp && stun::is_stun(&bytes) {
            return self.keepalive(now, from, &bytes);
        }
        let (room, received) = (bytes.len(), bytes.clone());
        match Message::parse(bytes) {
            Ok(message) => match self.admits(now, &from, &message) {
                Admitted::No => {
                    let told = self.refused(now, &from, "unknown-source");
                    if let (true, Message::Request(request)) = (told, &message) {
                        self.unheard(&from, request);
                    }
                }
                admitted => {
                    self.arrived = Some(received);
                    self.room = (admitted == Admitted::ToAsk).then_some((from.remote.ip(), room));
                    let urgent = self.house.draining && self.is_for_help(now, &from, &message);
                    let input = tandem_sip::api::Input::Message {
                        from,
                        message,
                        urgent,
                    };
                    self.endpoint.handle_input(now, input);
                }
            },
            Err(malformed) => {
                self.refused(now, &from, "malformed");
                if let Some(reply) = malformed.reply.filter(|_| self.trusts(&from)) {
                    self.out.push_back(Output::Transmit {
                        flow: from,
                        bytes: reply.to_bytes(),
                    });
                }
            }
        }
    }

    /// STUN of a phone that keeps its way through a NAT open, or of a trunk; strangers get silence here, too.
    fn keepalive(&mut self, now: Now, flow: Flow, bytes: &[u8]) {
        if !self.trusts(&flow) {
            self.refused(now, &flow, "unknown-source");
            return;
        }
        match stun::read(bytes, flow.remote) {
            Some(Stun::Asks(answer)) => self.out.push_back(Output::Transmit {
                flow,
                bytes: answer.into(),
            }),
            Some(Stun::Tells) => {}
            None => drop(self.refused(now, &flow, "malformed")),
        }
    }

    pub(super) fn sip_output(&mut self, now: Now, output: SipOutput) {
        match output {
            SipOutput::Transmit {
                flow,
                bytes,
                session,
            } => {
                if self.is_too_much(&flow, bytes.len()) {
                    self.refused(now, &flow, "too-short");
                    return;
                }
                self.trace(session, true, flow, &bytes);
                self.out.push_back(Output::Transmit { flow, bytes });
            }
            SipOutput::Taken { flow, session } => {
                if let Some(bytes) = self.arrived.take() {
                    self.trace(session, false, flow, &bytes);
                }
            }
            SipOutput::Event(event) => self.sip_event(now, event),
        }
    }

    fn trace(&mut self, session: Option<SessionId>, sent: bool, flow: Flow, bytes: &bytes::Bytes) {
        let Some(session) = session else {
            return self.trace_no_call(sent, flow, bytes.clone());
        };
        let past = || {
            self.past
                .iter()
                .find(|(s, _)| *s == session)
                .map(|(_, call)| *call)
        };
        match self
            .sessions
            .get(&session)
            .map(|leg| leg.call)
            .or_else(past)
        {
            Some(call) => self.out.push_back(Output::Trace {
                call: Some(call),
                sent,
                flow,
                bytes: bytes.clone(),
            }),
            // The INVITE of a call that may come of it within this step.
            None => self.untold.push((session, sent, flow, bytes.clone())),
        }
    }

    /// At the end of a step no call came of these.
    pub(super) fn told(&mut self) {
        for (_, sent, flow, bytes) in std::mem::take(&mut self.untold) {
            self.trace_no_call(sent, flow, bytes);
        }
    }

    /// Registrations, OPTIONS, calls that were refused: nobody but a capture server asks for them.
    fn trace_no_call(&mut self, sent: bool, flow: Flow, bytes: bytes::Bytes) {
        if self.plan.node.hep.is_some() {
            self.out.push_back(Output::Trace {
                call: None,
                sent,
                flow,
                bytes,
            });
        }
    }

    fn sip_event(&mut self, now: Now, event: Event) {
        let session = match &event {
            Event::Invited { .. } => None,
            Event::Progress { session, .. }
            | Event::Answered { session, .. }
            | Event::Failed { session, .. }
            | Event::Acked { session, .. }
            | Event::Pracked { session, .. }
            | Event::Request { session, .. }
            | Event::Refresh { session }
            | Event::Ended { session, .. } => Some(*session),
            Event::Response { session, .. } => *session,
            Event::OutOfDialog { .. } => None,
        };
        match (event, session) {
            (
                Event::Invited {
                    session,
                    flow,
                    request,
                },
                _,
            ) => self.invited(now, session, flow, &request),
            (Event::OutOfDialog { key, flow, request }, _) => {
                self.out_of_dialog(now, key, flow, &request)
            }
            (
                Event::Response {
                    key,
                    result,
                    session: None,
                },
                _,
            ) => {
                self.house.health.answered(key, &result);
                self.lamps.notifier.handle_response(now, key, &result);
                self.house.registration_response(now, key, result);
            }
            (event, Some(session)) => {
                let key = match &event {
                    Event::Response { key, .. } => Some(*key),
                    _ => None,
                };
                let over = matches!(event, Event::Failed { .. } | Event::Ended { .. });
                let leg = key
                    .and_then(|k| self.requests.remove(&k))
                    .or_else(|| self.sessions.get(&session).copied());
                if over && let Some(leg) = self.sessions.remove(&session) {
                    self.past.truncate(PAST - 1);
                    self.past.push_front((session, leg.call));
                }
                if let Some(leg) = leg {
                    self.with_call(now, leg.call, |c, cx| c.handle_sip(cx, leg, event));
                }
            }
            (_, None) => {}
        }
    }
}
