//! An agent with tools: it looks the tenant up, books what the caller has said yes to, once, and the person who takes over knows.

use super::common::*;
use super::config::with_model;
use tandem_types::tool::HttpAnswer;

const TOOLS: &str = r#"
[tools.find_tenant]
description = "Find a tenancy by postcode"
url = "https://crm.northgate.example/tenants/{postcode}"
keep = ["tenancy.id as tenancy_id"]
args = { postcode = { pattern = "[A-Z0-9 ]+" } }
[tools.book_visit]
description = "Book a visit"
method = "POST"
url = "https://crm.northgate.example/visits"
confirm_with_caller = "Shall I book a visit on {day}?"
body = { tenancy = "{tenancy_id}", day = "{day}", phone = "{from_e164}" }
args = { day = { enum = ["Tuesday", "Friday"] } }
"#;

fn office() -> Config {
    with_model().and("dialplans/head.toml", TOOLS).with(
        "providers = \"fast\"",
        "providers = \"fast\"\ntools = [\"find_tenant\", \"book_visit\"]",
    )
}

fn ok(body: &str) -> Result<HttpAnswer, ProviderFault> {
    Ok(HttpAnswer {
        status: 200,
        body: body.into(),
    })
}

#[test]
fn tools_do_what_the_caller_agreed_to() {
    scenario_in(&office(), "tools_do_what_the_caller_agreed_to", |o| {
        let (caller, person) = (o.caller, o.desk("200", answers(1)));
        let book = Reply::calls("", "book_visit", r#"{"day":"Tuesday"}"#);
        o.script.replies.extend([
            Reply::calls("", "find_tenant", r#"{"postcode":"SW1A 1AA"}"#),
            Reply::says("I have found your flat. Which day would suit you?"),
            Reply::calls("", "book_visit", r#"{"day":"Sunday"}"#),
            book.clone(),
            Reply::says("The visit is booked for Tuesday."),
            book,
            Reply::says("It is booked already."),
        ]);
        o.script.answers.extend([
            (ms(2500), ok(r#"{"tenancy":{"id":"T-7"}}"#)),
            (ms(200), ok(r#"{"visit":1}"#)),
        ]);
        o.calls_the_office();
        o.caller_says("the blue parcel went to SW1A 1AA");
        o.ai_says("looking that up");
        o.ai_says("Which day would suit you?");
        o.caller_says("the gardener said Sunday or else Tuesday");
        o.fact(
            secs(5),
            "a day that is not allowed",
            |w| matches!(w, What::Refused { wanted, .. } if wanted.contains("Sunday")),
        );
        o.ai_says("Shall I book a visit on Tuesday? Please say yes, or press 1.");
        assert_eq!(o.script.fetched.len(), 1, "nobody has said yes");
        o.caller_says("yes please");
        o.ai_says("The visit is booked for Tuesday.");
        o.caller_says("are you quite sure of that");
        o.ai_says("It is booked already.");
        assert_eq!(o.script.fetched.len(), 2, "done once");
        let visit = &o.script.fetched[1];
        assert_eq!(
            o.script.fetched[0].url,
            "https://crm.northgate.example/tenants/SW1A%201AA"
        );
        assert_eq!(
            visit.body.as_deref(),
            Some(r#"{"day":"Tuesday","phone":"+441632960001","tenancy":"T-7"}"#)
        );
        assert!(visit.key.is_some());
        o.caller_says("can I speak to a person");
        o.ai_says("putting you through to reception");
        o.hums(caller);
        o.answers(person);
        o.is_briefed();
        let package = o.packages()[0].clone();
        let tenancy = package.entities.iter().find(|e| e.name == "tenancy_id");
        assert_eq!(tenancy.map(|e| e.value.as_str()), Some("T-7"));
        let booked = package.actions.iter().find(|a| a.what == "book visit");
        assert_eq!(booked.map(|a| a.result.as_str()), Some("done"));
        o.presses(person, "1");
        o.talk_both_ways(caller, person);
        o.hangs_up(caller);
        o.ends(Party::Caller, Reason::Normal);
    });
}
