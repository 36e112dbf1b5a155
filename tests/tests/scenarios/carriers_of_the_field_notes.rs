//! The office's trunk against carriers as they are met (field notes 2, 3, 7, 12, 14, 19): each has a habit of its own, and one line of
//! its file that says so. Beside these: a late offer, a busy cause behind 503, hold by address 0, a trunk that demands PRACK, and one
//! without REFER have files of their own.

use super::{common::*, steps::*};
use tandem_sim::CARRIER;
use tandem_sip::message::{HeaderName, Headers};

/// The carrier's SIP with something written otherwise in whatever begins with this.
fn writes(o: &mut Office, begins: &'static str, how: impl Fn(&str) -> String + 'static) {
    o.net.writes(CARRIER, move |text| {
        text.starts_with(begins).then(|| how(text))
    });
}

/// A new call of the carrier's has our account in the Request-URI.
fn writes_the_account(o: &mut Office) {
    writes(o, "INVITE sip:", |text| {
        match text.contains(";tag=") && text.contains("\r\nTo: ") && in_dialog(text) {
            true => text.to_owned(),
            false => {
                let (_, rest) = text.split_once('@').expect("a Request-URI with a user");
                format!("INVITE sip:northgate01@{rest}")
            }
        }
    });
}

fn in_dialog(text: &str) -> bool {
    text.lines()
        .any(|l| l.starts_with("To:") && l.contains(";tag="))
}

/// Calls the echo by whatever number, and hears themself: the number was read.
fn reaches_the_echo(o: &mut Office, number: &str, headers: Headers) {
    let caller = o.caller;
    o.calls_with(caller, number, headers);
    o.answers(caller);
    o.hums(caller);
    o.run(secs(2));
    assert!(o.hears(caller, caller), "\n{}", o.ladder());
    o.hangs_up(caller);
    o.ends(Party::Caller, Reason::Normal);
}

fn with_auth(line: &str) -> Config {
    Config::office().with("[auth]\n", &format!("[auth]\n{line}\n"))
}

fn with_numbers(lines: &str) -> Config {
    Config::office().with(
        "country = \"GB\"\n",
        &format!("country = \"GB\"\n{lines}\n"),
    )
}

/// A header of the gateway's INVITEs to this number.
fn sent(o: &Office, number: &str, header: &str) -> Vec<String> {
    let packets = o.sent().iter().filter_map(|(_, p)| p.sip());
    let to = packets.filter(|s| s.is("INVITE") && s.target() == number);
    to.filter_map(|s| s.header(header).map(str::to_owned))
        .collect()
}

/// The caller's own number is dialled out to the viewings desk, which answers; then it is over.
fn calls_the_viewings(o: &mut Office, number: &str) {
    let viewings = o.outside("viewings", number, answers(1));
    are_connected(o, "2005", viewings);
    let caller = o.caller;
    o.hangs_up(caller);
    o.ends(Party::Caller, Reason::Normal);
    o.is_over(viewings, ms(100));
}

#[test]
fn a_carrier_with_the_account_in_the_request_uri_and_the_number_in_to() {
    let name = "a_carrier_with_the_account_in_the_request_uri_and_the_number_in_to";
    scenario_in(&with_auth("called_from = \"to\""), name, |o| {
        writes_the_account(o);
        reaches_the_echo(o, "2000", Headers::new());
    });
}

#[test]
fn a_carrier_with_the_number_in_p_called_party_id() {
    let name = "a_carrier_with_the_number_in_p_called_party_id";
    scenario_in(
        &with_auth("called_from = \"p-called-party-id\""),
        name,
        |o| {
            writes_the_account(o);
            let called = Headers::new().with(HeaderName::PCalledPartyId, "<sip:2000@gw.example>");
            reaches_the_echo(o, "northgate01", called);
        },
    );
}

#[test]
fn a_carrier_whose_forwarded_calls_have_the_number_in_diversion() {
    let name = "a_carrier_whose_forwarded_calls_have_the_number_in_diversion";
    scenario_in(&with_auth("called_from = \"diversion\""), name, |o| {
        let from =
            "<sip:2000@carrier.example>;reason=unconditional, <sip:+441632960444@carrier.example>";
        reaches_the_echo(
            o,
            "northgate01",
            Headers::new().with(HeaderName::Diversion, from),
        );
        // A call that nobody forwarded has the number where it always is.
        reaches_the_echo(o, "2000", Headers::new());
    });
}

#[test]
fn a_carrier_whose_forwarded_calls_have_the_number_in_history_info() {
    let name = "a_carrier_whose_forwarded_calls_have_the_number_in_history_info";
    scenario_in(&with_auth("called_from = \"history-info\""), name, |o| {
        let by = "<sip:2000@carrier.example>;index=1, <sip:northgate01@10.0.0.1>;index=1.1;mp=1";
        reaches_the_echo(
            o,
            "northgate01",
            Headers::new().with(HeaderName::HistoryInfo, by),
        );
    });
}

#[test]
fn two_trunks_behind_one_address_are_told_apart_by_a_header() {
    let sales = "direction = \"in\"\n[auth]\nallow_from = [\"203.0.113.0/28\"]\n\
                 only = { header = { name = \"X-Account\", value = \"sales\" } }\n";
    let plan = "numbers = [\"+442079460100\"]\ntrunks = [\"sales\"]\nstart = \"echo\"\n";
    let config = Config::office()
        .file("trunks/sales.toml", sales)
        .file("dialplans/sales.toml", plan);
    let name = "two_trunks_behind_one_address_are_told_apart_by_a_header";
    scenario_in(&config, name, |o| {
        reaches_the_echo(o, MAIN, Headers::new().with("X-Account", "sales"));
        let caller = o.caller;
        o.is_still(caller);
        o.calls_with(caller, MAIN, Headers::new().with("X-Account", "service"));
        o.ai_says("How can I help you?");
        o.hangs_up(caller);
        o.ends(Party::Caller, Reason::Normal);
    });
}

#[test]
fn a_carrier_with_a_private_address_in_its_sdp_is_heard_where_it_is() {
    let name = "a_carrier_with_a_private_address_in_its_sdp_is_heard_where_it_is";
    scenario(name, |o| {
        o.net.writes(CARRIER, |text| {
            Some(text.replace("c=IN IP4 203.0.113.5", "c=IN IP4 192.168.7.5"))
        });
        let desk = o.desk("203", answers(1));
        are_connected(o, "203", desk);
        let caller = o.caller;
        o.hangs_up(caller);
        o.ends(Party::Caller, Reason::Normal);
    });
}

#[test]
fn a_carrier_that_locks_one_codec_by_a_second_invite_and_whose_o_line_goes_backwards() {
    let name = "a_carrier_that_locks_one_codec_by_a_second_invite_and_whose_o_line_goes_backwards";
    scenario(name, |o| {
        let older = |text: &str| match text.lines().find(|l| l.starts_with("o=")) {
            Some(line) if in_dialog(text) => {
                let mut words: Vec<&str> = line.split(' ').collect();
                words[2] = "1";
                text.replace(line, &words.join(" "))
            }
            _ => text.to_owned(),
        };
        writes(o, "INVITE", older);
        let desk = o.desk("203", answers(1));
        let caller = o.caller;
        o.calls(caller, "203");
        o.answers(caller);
        // At once, before anybody has said a word, and once more.
        for _ in 0..2 {
            o.does(caller, Act::Resume);
            o.run(ms(300));
        }
        o.talk_both_ways(caller, desk);
        o.hangs_up(desk);
        o.ends(Party::Callee, Reason::Normal);
    });
}

#[test]
fn a_carrier_with_national_numbers_both_ways() {
    let lines = "inbound_format = \"national\"\noutbound_format = \"national\"";
    scenario_in(
        &with_numbers(lines),
        "a_carrier_with_national_numbers_both_ways",
        |o| {
            writes(o, "INVITE", |text| {
                text.replace("<sip:+441632960001@", "<sip:01632960001@")
            });
            let caller = o.caller;
            o.calls(caller, "02079460100");
            o.ai_says("How can I help you?");
            o.hangs_up(caller);
            o.ends(Party::Caller, Reason::Normal);
            let from = |w: &What| matches!(w, What::CallStarted { from, to, .. } if from == "+441632960001" && to == MAIN);
            assert_eq!(o.count(from), 1, "\n{}", o.ladder());
            calls_the_viewings(o, "01632960700");
            let shown = sent(o, "01632960700", "P-Asserted-Identity").concat();
            assert!(shown.contains("<sip:02079460100@"), "{shown}");
        },
    );
}

#[test]
fn a_carrier_that_wants_its_own_host_names_and_remote_party_id() {
    let hosts =
        "[hosts]\nfrom = \"northgate.carrier.example\"\ncontact = \"sbc.northgate.example\"\n";
    let config = with_numbers("identity = \"rpid\"").and("trunks/carrier.toml", hosts);
    let name = "a_carrier_that_wants_its_own_host_names_and_remote_party_id";
    scenario_in(&config, name, |o| {
        calls_the_viewings(o, VIEWINGS);
        let one = |header| sent(o, VIEWINGS, header).concat();
        assert!(
            one("From").contains("<sip:+442079460100@northgate.carrier.example>"),
            "{}",
            one("From")
        );
        assert!(
            one("Contact").contains("<sip:tandem@sbc.northgate.example:5060>"),
            "{}",
            one("Contact")
        );
        assert!(one("Remote-Party-ID").ends_with(";party=calling;screen=yes;privacy=off"));
        assert_eq!(one("P-Asserted-Identity"), "");
    });
}

#[test]
fn a_carrier_that_wants_diversion_beside_a_number_that_is_not_ours() {
    let name = "a_carrier_that_wants_diversion_beside_a_number_that_is_not_ours";
    scenario_in(&with_numbers("diversion = \"diversion\""), name, |o| {
        calls_the_viewings(o, VIEWINGS);
        let one = |header| sent(o, VIEWINGS, header).concat();
        assert!(
            one("From").contains("<sip:+441632960001@"),
            "{}",
            one("From")
        );
        assert!(
            one("Diversion").starts_with("<sip:+442079460100@"),
            "{}",
            one("Diversion")
        );
    });
}

#[test]
fn a_caller_who_hides_their_number_is_shown_to_nobody() {
    let config = Config::office().with("caller_id = \"+442079460100\"\n[limits]", "[limits]");
    scenario_in(
        &config,
        "a_caller_who_hides_their_number_is_shown_to_nobody",
        |o| {
            let viewings = o.outside("viewings", VIEWINGS, answers(1));
            let caller = o.caller;
            let hidden = Headers::new().with(HeaderName::Privacy, "id");
            o.calls_with(caller, "2005", hidden);
            o.answers(viewings);
            o.answers(caller);
            o.talk_both_ways(caller, viewings);
            o.hangs_up(caller);
            o.ends(Party::Caller, Reason::Normal);
            let one = |header| sent(o, VIEWINGS, header).concat();
            assert!(
                one("From").starts_with("\"Anonymous\" <sip:anonymous@anonymous.invalid>"),
                "{}",
                one("From")
            );
            assert_eq!(
                (one("Privacy").as_str(), one("P-Asserted-Identity").as_str()),
                ("id", "")
            );
        },
    );
}

#[test]
fn a_trunk_refuses_callers_who_hide_their_number() {
    let name = "a_trunk_refuses_callers_who_hide_their_number";
    scenario_in(&with_numbers("anonymous = \"reject-433\""), name, |o| {
        let caller = o.caller;
        o.calls_with(
            caller,
            "2000",
            Headers::new().with(HeaderName::Privacy, "id"),
        );
        is_refused(o, caller, 433);
        reaches_the_echo(o, "2000", Headers::new());
    });
}
