//! What the users of the endpoints do, and what they wait for.

use crate::world::*;
use std::time::Duration;
use tandem_sip::api::*;
use tandem_sip::message::{Headers, Message, Method, NameAddr, Request, Response, Uri};
use tandem_types::Termination;

impl World {
    pub(crate) fn command(&mut self, node: Node, command: Command) {
        self.input(node, Input::Command(command));
    }

    pub(crate) fn input(&mut self, node: Node, input: Input) {
        self.maybe_restore(node);
        if let Some(cell) = crate::cells::cell(&self.nodes[node].endpoint, &input) {
            *self.cells.entry(cell).or_default() += 1;
        }
        self.nodes[node].endpoint.handle_input(self.now, input);
        self.drain(node);
    }

    pub(crate) fn outgoing(&self, from: Node, to: Node) -> OutgoingInvite {
        let uri = |user, node| Uri::sip(user, &Self::addr(node).to_string());
        OutgoingInvite {
            flow: self.flow(from, to),
            large: None,
            target: uri("callee", to),
            from: NameAddr::new(uri("caller", from)),
            to: NameAddr::new(uri("callee", to)),
            contact: uri("caller", from),
            route: Vec::new(),
            headers: Headers::new(),
            body: Some(sdp("offer")),
            credentials: None,
            session_timer: self.timers[from],
            reliable: self.reliable[from].unwrap_or_default(),
        }
    }

    /// A calls B.
    pub(crate) fn invite(&mut self) -> SessionId {
        let invite = self.outgoing(A, B);
        self.invite_with(invite)
    }

    pub(crate) fn invite_with(&mut self, invite: OutgoingInvite) -> SessionId {
        let session = self.nodes[A].endpoint.allocate();
        self.command(
            A,
            Command::Invite {
                session,
                invite: Box::new(invite),
            },
        );
        session
    }

    pub(crate) fn progress(&mut self, node: Node, session: SessionId) {
        self.progress_with(node, session, 180, None);
    }

    pub(crate) fn progress_with(
        &mut self,
        node: Node,
        session: SessionId,
        status: u16,
        body: Option<Body>,
    ) {
        let reliable = self.reliable[node].unwrap_or_default();
        self.command(
            node,
            Command::Progress {
                session,
                status,
                headers: Headers::new(),
                body,
                reliable,
            },
        );
    }

    pub(crate) fn accept(&mut self, node: Node, session: SessionId) {
        let (headers, body) = (Headers::new(), Some(sdp("answer")));
        self.command(
            node,
            Command::Accept {
                session,
                credentials: None,
                headers,
                body,
            },
        );
    }

    pub(crate) fn reject(&mut self, node: Node, session: SessionId, status: u16) {
        let (headers, phrase) = (Headers::new(), String::new());
        self.command(
            node,
            Command::Reject {
                session,
                status,
                phrase,
                headers,
            },
        );
    }

    pub(crate) fn ack(&mut self, node: Node, session: SessionId) {
        self.command(
            node,
            Command::Ack {
                session,
                body: None,
            },
        );
    }

    pub(crate) fn hangup(&mut self, node: Node, session: SessionId) {
        self.command(
            node,
            Command::Hangup {
                session,
                headers: Headers::new(),
            },
        );
    }

    pub(crate) fn request(&mut self, node: Node, session: SessionId, method: Method) -> RequestKey {
        let key = self.nodes[node].endpoint.allocate_key();
        let offers = matches!(method, Method::Invite | Method::Update);
        let (headers, body) = (Headers::new(), offers.then(|| sdp("again")));
        self.command(
            node,
            Command::Request {
                session,
                key,
                method,
                headers,
                body,
            },
        );
        key
    }

    pub(crate) fn respond(&mut self, node: Node, key: RequestKey, status: u16) {
        let (phrase, headers) = (String::new(), Headers::new());
        self.command(
            node,
            Command::Respond {
                key,
                status,
                phrase,
                headers,
                body: None,
            },
        );
    }

    /// A and B talk: their sessions.
    pub(crate) fn talk(&mut self) -> (SessionId, SessionId) {
        let a = self.invite();
        let b = self.invited(B).0;
        self.accept(B, b);
        self.answered(A, a);
        self.ack(A, a);
        self.acked(B, b);
        (a, b)
    }

    /// The next event of a node; time goes on until it comes.
    pub(crate) fn event(&mut self, node: Node) -> Event {
        for _ in 0..10_000 {
            if let Some(event) = self.nodes[node].events.pop_front() {
                return event;
            }
            assert!(
                self.step(),
                "nothing more will happen; ladder:\n{}",
                self.ladder.join("\n")
            );
        }
        panic!("no event");
    }

    /// The next event of a node that is no `Progress`.
    pub(crate) fn beyond_progress(&mut self, node: Node) -> Event {
        loop {
            match self.event(node) {
                Event::Progress { .. } => {}
                other => return other,
            }
        }
    }

    pub(crate) fn invited(&mut self, node: Node) -> (SessionId, Box<Request>) {
        match self.event(node) {
            Event::Invited {
                session, request, ..
            } => (session, request),
            other => panic!("not invited: {other:?}"),
        }
    }

    pub(crate) fn answered(&mut self, node: Node, of: SessionId) -> Box<Response> {
        match self.beyond_progress(node) {
            Event::Answered { session, response } if session == of => response,
            other => panic!("not answered: {other:?}"),
        }
    }

    pub(crate) fn acked(&mut self, node: Node, of: SessionId) -> Option<Body> {
        match self.event(node) {
            Event::Acked { session, body } if session == of => body,
            other => panic!("not acked: {other:?}"),
        }
    }

    pub(crate) fn failed(&mut self, node: Node, of: SessionId) -> Failure {
        match self.beyond_progress(node) {
            Event::Failed { session, failure } if session == of => failure,
            other => panic!("not failed: {other:?}"),
        }
    }

    pub(crate) fn ended(&mut self, node: Node, of: SessionId) -> Termination {
        match self.event(node) {
            Event::Ended { session, end, .. } if session == of => end,
            other => panic!("not ended: {other:?}"),
        }
    }

    /// A request in a dialog.
    pub(crate) fn asked(&mut self, node: Node, method: &Method) -> RequestKey {
        match self.event(node) {
            Event::Request { key, request, .. } if request.method == *method => key,
            other => panic!("not asked: {other:?}"),
        }
    }

    pub(crate) fn outcome(&mut self, node: Node, of: RequestKey) -> Result<Box<Response>, Failure> {
        match self.event(node) {
            Event::Response { key, result, .. } if key == of => result,
            other => panic!("no outcome: {other:?}"),
        }
    }

    /// The next message at a raw node.
    pub(crate) fn arrival(&mut self, node: Node) -> Message {
        loop {
            if let Some(message) = self.nodes[node].arrived.pop_front() {
                return message;
            }
            assert!(
                self.step(),
                "nothing more will happen; ladder:\n{}",
                self.ladder.join("\n")
            );
        }
    }

    /// A raw node sends.
    pub(crate) fn send(&mut self, from: Node, to: Node, message: impl Into<Message>) {
        let (transport, bytes) = (self.transport, message.into().to_bytes());
        self.put(from, to, transport, bytes);
    }

    pub(crate) fn pass(&mut self, millis: u64) {
        let until = self.now.mono + Duration::from_millis(millis);
        while self.next().is_some_and(|at| at <= until) {
            self.step();
        }
        self.advance(until);
    }

    pub(crate) fn millis(&self) -> u64 {
        self.now.mono.0 / 1_000_000
    }
}
