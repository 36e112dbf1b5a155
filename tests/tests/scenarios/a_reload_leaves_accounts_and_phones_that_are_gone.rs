//! Reloads that leave the account at the carrier as it is, change its password, drop it together with a phone, and bring it back. What
//! is the same in both plans stays registered; a phone in a call keeps that call.

use super::{common::*, steps::*};
use tandem_sim::CARRIER;

const ACCOUNT: &str = "allow_from = [\"203.0.113.0/28\"]\nusername = \"northgate\"\npassword = \"file:secrets/carrier\"\n\
     register = { registrar = \"sip:203.0.113.5\", expires = \"600s\" }";
const EXTRA: &str = "\n[extensions.209]\nname = \"Visitor\"\nregisters = { username = \"209\", password = \"file:secrets/209\" }\n";

fn office(account: &str) -> Config {
    Config::office().with("allow_from = [\"203.0.113.0/28\"]", account)
}

/// The Expires of each REGISTER that went to the carrier, in order; one that was sent again because of a challenge counts once.
fn registers(o: &World) -> Vec<String> {
    let to = o.sent().iter().filter(|(_, p)| p.to.ip() == CARRIER);
    let all = to.filter(|(_, p)| p.bytes.starts_with(b"REGISTER "));
    let mut found: Vec<(String, String)> = Vec::new();
    for (_, packet) in all {
        let sip = packet.sip().expect("it can be read");
        let of = |name| sip.header(name).unwrap_or_default().to_owned();
        let call = of("Call-ID");
        let expires = of("Expires");
        if found.last() != Some(&(call.clone(), expires.clone())) {
            found.push((call, expires));
        }
    }
    found.into_iter().map(|(_, expires)| expires).collect()
}

fn registered(w: &World) -> bool {
    w.registrations() == [("carrier".to_owned(), "registered".to_owned())]
}

#[test]
fn a_reload_leaves_accounts_and_phones_that_are_gone() {
    let name = "a_reload_leaves_accounts_and_phones_that_are_gone";
    let whole = office(ACCOUNT).and("phones.toml", EXTRA);
    scenario_in(&whole, name, |o| {
        let _carrier = o.carrier();
        let (stays, goes) = (o.desk("201", answers(1)), o.desk("209", answers(1)));
        o.until(secs(10), "the carrier has us", registered);
        let caller = o.caller;
        o.calls(caller, "209");
        o.answers(goes);
        o.talk_both_ways(caller, goes);

        // The same again: nobody is asked anything.
        o.reloads(whole.plan(), "anna");
        o.run(secs(2));
        assert_eq!(registers(o), ["600"]);
        // Another time to ask for: the account takes the place of its own old one.
        let longer = office(&ACCOUNT.replace("600s", "900s")).and("phones.toml", EXTRA);
        o.reloads(longer.plan(), "anna");
        o.until(secs(5), "registered anew", registered);
        assert_eq!(registers(o), ["600", "900"]);

        o.reloads(Config::office().plan(), "anna");
        o.run(secs(2));
        assert_eq!(registers(o), ["600", "900", "0"]);
        assert_eq!(o.registrations(), []);
        // Its phone is no phone of ours any more, and its call goes on.
        o.talk_both_ways(caller, goes);
        o.hangs_up(goes);
        o.is_over(caller, secs(2));
        o.calls(caller, "209");
        is_refused(o, caller, 403);
        o.calls(caller, "201");
        o.answers(stays);
        o.talk_both_ways(caller, stays);
        o.hangs_up(caller);
        o.is_over(stays, secs(2));

        o.reloads(whole.plan(), "anna");
        o.until(secs(5), "the carrier has us again", registered);
        assert_eq!(registers(o), ["600", "900", "0", "600"]);
        let noted = |w: &What| matches!(w, What::Reloaded { .. });
        assert_eq!(o.count(noted), 4);
        o.run(secs(5));
    });
}
