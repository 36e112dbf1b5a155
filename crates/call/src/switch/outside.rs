//! Requests outside any call: REGISTER, SUBSCRIBE, and what nobody wants.

use super::Switch;
use tandem_sip::{
    api::{Command, Flow, RequestKey},
    message::{Headers, Method, Request},
};
use tandem_types::Now;

impl Switch {
    pub(super) fn out_of_dialog(
        &mut self,
        now: Now,
        key: RequestKey,
        flow: Flow,
        request: &Request,
    ) {
        let (status, headers) = match request.method {
            Method::Register if !self.plan.phones.domain.is_empty() => {
                self.register(now, flow, request)
            }
            Method::Subscribe => self.subscribe(now, key, flow, request),
            Method::Notify => (481, Headers::new()),
            _ => (405, Headers::new()),
        };
        let command = Command::Respond {
            key,
            status,
            phrase: String::new(),
            headers,
            body: None,
        };
        self.endpoint
            .handle_input(now, tandem_sip::api::Input::Command(command));
    }

    fn register(&mut self, now: Now, flow: Flow, request: &Request) -> (u16, Headers) {
        let realm = self.plan.phones.domain.clone();
        let user = match self.proved(now, &flow, request, &realm, false) {
            Ok(user) => user,
            Err(challenges) => return (401, self.fitting(request, challenges)),
        };
        let reply = self
            .house
            .registrar
            .handle_register(now, request, flow, &user);
        (reply.status, reply.headers)
    }
}
