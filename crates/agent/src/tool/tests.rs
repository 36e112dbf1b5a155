//! A model that was talked into anything.

use super::*;
use std::{sync::Arc, time::Duration};
use tandem_types::{
    agent::AgentRules,
    provider::ProviderFault,
    tool::{Arg, ArgFormat, Bounds, Effect, HttpAnswer, Keep, Piece, UrlTemplate},
};

fn text(t: &str) -> Piece {
    Piece::Text(t.into())
}

fn gap(t: &str) -> Piece {
    Piece::Fill(t.into())
}

fn arg(kind: ArgKind) -> Arg {
    Arg {
        kind,
        required: true,
        max_length: 60,
        ..Arg::default()
    }
}

/// `GET /tenants/{id}/{id}.json?in={place}`, and `who` besides.
fn tool() -> Tool {
    let id = Arg {
        pattern: Some("[A-Z0-9]+".into()),
        ..arg(ArgKind::String)
    };
    let optional = Arg {
        required: false,
        ..arg(ArgKind::String)
    };
    Tool {
        name: "find".into(),
        endpoint: "head/find".into(),
        url: UrlTemplate {
            origin: "https://crm.example".into(),
            path: vec![
                text("/tenants/"),
                gap("free"),
                text("/"),
                gap("id"),
                text(".json"),
            ],
            query: vec![text("in="), gap("place")],
        },
        timeout: Duration::from_secs(2),
        args: [
            ("id", id),
            ("free", arg(ArgKind::String)),
            ("who", optional),
        ]
        .map(|(n, a)| (n.to_owned(), a))
        .into(),
        ..Tool::default()
    }
}

fn ask(tool: &Tool, arguments_: &str) -> Result<(String, Option<String>), String> {
    let rules = AgentRules {
        tools: [(tool.name.clone(), Arc::new(tool.clone()))].into(),
        ..AgentRules::default()
    };
    let agent = AgentSpec::default();
    let known = |name: &str| (name == "place").then(|| "Bath & Wells".to_owned());
    let args = arguments(tool, &agent, &Patterns::of(&rules), arguments_).map_err(|w| w.told)?;
    request(tool, &args, &known).map_err(|g| g.told())
}

fn url_of(free: &str) -> Result<String, String> {
    let arguments = json!({ "id": "A7", "free": free }).to_string();
    ask(&tool(), &arguments).map(|r| r.0)
}

#[test]
fn values_stay_in_their_places() {
    let base = "https://crm.example/tenants/";
    let rest = "/A7.json?in=Bath%20%26%20Wells";
    for (value, path) in [
        ("mary", "mary"),
        ("../../admin", "..%2F..%2Fadmin"),
        ("@evil.example", "%40evil.example"),
        ("x#y", "x%23y"),
        ("x?y=1&z", "x%3Fy%3D1%26z"),
        ("%2e%2e", "%252e%252e"),
        ("//evil.example/", "%2F%2Fevil.example%2F"),
        (r"..\..\x", "..%5C..%5Cx"),
        (";jsessionid=1", "%3Bjsessionid%3D1"),
        ("zoë", "zo%C3%AB"),
        ("٣", "%D9%A3"),
        ("http://evil.example", "http%3A%2F%2Fevil.example"),
    ] {
        assert_eq!(url_of(value), Ok(format!("{base}{path}{rest}")), "{value}");
    }
    for refused in [
        "..",
        ".",
        "",
        "a\r\nHost: evil.example",
        "a\nb",
        "a\u{2028}b",
        "a\u{202e}b",
        "\0",
    ] {
        assert!(url_of(refused).is_err(), "{refused:?}");
    }
    let long = "x".repeat(61);
    assert!(url_of(&long).is_err_and(|e| e.contains("longer than 60")));
}

#[test]
fn what_the_url_does_not_name_is_its_query() {
    let asked = ask(&tool(), r#"{"id":"A7","free":"x","who":"a&b=c"}"#);
    let url = asked.map(|r| r.0).unwrap_or_default();
    assert!(
        url.ends_with("?in=Bath%20%26%20Wells&who=a%26b%3Dc"),
        "{url}"
    );
}

#[test]
fn arguments_are_what_the_tool_takes_and_nothing_else() {
    for (arguments, told) in [
        ("", "free is missing"),
        ("[]", "no JSON object"),
        ("{", "no JSON object"),
        (
            r#"{"id":"A7","free":"x","url":"http://evil"}"#,
            "nothing else",
        ),
        (
            r#"{"id":"A7","free":"x","headers":{"Host":"evil"}}"#,
            "nothing else",
        ),
        (r#"{"id":"A7","free":{"a":1}}"#, "of type string"),
        (r#"{"id":"a7","free":"x"}"#, "does not fit"),
        (r#"{"id":"A7/..","free":"x"}"#, "does not fit"),
        (r#"{"id":"A٧","free":"x"}"#, "not 0 to 9"),
        (r#"{"id":null,"free":"x"}"#, "id is missing"),
        (r#"{"id":"","free":"x"}"#, "id is empty"),
    ] {
        let error = ask(&tool(), arguments).expect_err(arguments);
        assert!(error.contains(told), "{arguments}: {error}");
    }
    assert!(ask(&tool(), &format!("{{\"id\":\"{}\"}}", "A".repeat(9000))).is_err());
    assert!(
        ask(&tool(), r#"{"id":7,"free":"x"}"#).is_ok(),
        "a number for a text of digits"
    );
}

fn refund() -> Tool {
    let amount = Arg {
        bounds: Bounds {
            min: Some(1),
            max: Some(500),
            ..Bounds::default()
        },
        ..arg(ArgKind::Number)
    };
    let why = Arg {
        bounds: Bounds {
            one_of: vec!["late".into(), "broken".into()],
            ..Bounds::default()
        },
        ..arg(ArgKind::String)
    };
    let on = Arg {
        format: Some(ArgFormat::Date),
        required: false,
        ..arg(ArgKind::String)
    };
    Tool {
        name: "refund".into(),
        method: HttpMethod::Post,
        effect: Effect::Write,
        url: UrlTemplate {
            origin: "https://crm.example".into(),
            path: vec![text("/refunds")],
            query: vec![],
        },
        args: [("amount", amount), ("why", why), ("on", on)]
            .map(|(n, a)| (n.to_owned(), a))
            .into(),
        ..Tool::default()
    }
}

#[test]
fn an_agent_goes_as_far_as_its_authority() {
    let tool = refund();
    let own = Bounds {
        max: Some(50),
        ..Bounds::default()
    };
    let agent = AgentSpec {
        authority: [("refund".to_owned(), [("amount".to_owned(), own)].into())].into(),
        ..AgentSpec::default()
    };
    let patterns = Patterns::default();
    let check = |arguments_: &str| arguments(&tool, &agent, &patterns, arguments_);
    assert!(check(r#"{"amount":49.5,"why":"late"}"#).is_ok());
    assert!(check(r#"{"amount":"50","why":"late"}"#).is_ok());
    let beyond = check(r#"{"amount":51,"why":"late"}"#).expect_err("beyond");
    assert!(
        beyond.beyond && beyond.told.contains("50 or less"),
        "{beyond:?}"
    );
    for bad in [
        r#"{"amount":501,"why":"late"}"#,
        r#"{"amount":-5,"why":"late"}"#,
        r#"{"amount":1e999,"why":"late"}"#,
        r#"{"amount":"5０","why":"late"}"#,
        r#"{"amount":"NaN","why":"late"}"#,
        r#"{"amount":5,"why":"because"}"#,
        r#"{"amount":5,"why":"late","on":"tomorrow"}"#,
    ] {
        let wrong = check(bad).expect_err(bad);
        assert!(!wrong.beyond, "{bad}: {wrong:?}");
    }
    // What no tool takes no authority allows, and what the agent may not stays so.
    let other = Bounds {
        one_of: vec!["gift".into()],
        ..Bounds::default()
    };
    let odd = AgentSpec {
        authority: [("refund".to_owned(), [("why".to_owned(), other)].into())].into(),
        ..AgentSpec::default()
    };
    for why in ["late", "gift"] {
        let call = format!("{{\"amount\":5,\"why\":\"{why}\"}}");
        assert!(arguments(&tool, &odd, &patterns, &call).is_err(), "{why}");
    }
    let told = spec(&tool, &agent);
    assert!(
        told.parameters
            .contains(r#""amount":{"maximum":50,"minimum":1,"type":"number"}"#),
        "{told:?}"
    );
    assert!(
        told.parameters.contains(r#""required":["amount","why"]"#),
        "{told:?}"
    );
}

#[test]
fn a_body_is_json_whatever_is_in_it() {
    let plain = ask(&refund(), r#"{"amount":5,"why":"late"}"#);
    assert_eq!(
        plain,
        Ok((
            "https://crm.example/refunds".into(),
            Some(r#"{"amount":5,"why":"late"}"#.into())
        ))
    );
    let mut tool = refund();
    tool.args.insert("note".into(), arg(ArgKind::String));
    tool.body = Some(
        json!({ "sum": "{amount}", "text": "By phone: {note}", "on": "{on}", "place": "{place}", "v": 2 }),
    );
    let asked = ask(
        &tool,
        r#"{"amount":5,"why":"late","note":"\",\"admin\":true"}"#,
    );
    let body = asked.ok().and_then(|r| r.1).unwrap_or_default();
    assert_eq!(
        body,
        r#"{"place":"Bath & Wells","sum":5,"text":"By phone: \",\"admin\":true","v":2}"#
    );
}

#[test]
fn only_what_is_asked_for_is_kept() {
    let answer = json!({ "tenant": { "name": "Mary\r\nJones ", "id": 42713, "vip": true, "pin": "1234" }, "list": [{ "a": 1 }] });
    let keep = |path: &str, sensitive| Keep {
        path: path.split('.').map(str::to_owned).collect(),
        name: path.rsplit('.').next().unwrap_or_default().to_owned(),
        sensitive,
    };
    let all = [
        keep("tenant.name", false),
        keep("tenant.id", true),
        keep("tenant.vip", false),
        keep("tenant.pin", false),
        keep("tenant", false),
        keep("list.0.a", false),
        keep("list.9.a", false),
        keep("nothing.there", false),
    ];
    let kept: Vec<(String, String, bool)> = facts(&all, &answer, "tool:tenant")
        .into_iter()
        .map(|f| (f.name, f.value, f.sensitive))
        .collect();
    let of = |n: &str, v: &str, s| (n.to_owned(), v.to_owned(), s);
    assert_eq!(
        kept,
        [
            of("name", "Mary Jones", false),
            of("id", "42713", true),
            of("vip", "true", false),
            of("pin", "1234", true),
            of("a", "1", false)
        ]
    );
}

#[test]
fn answers_are_json_or_faults_and_bounded() {
    let of = |body: &str| {
        judged(&Ok(HttpAnswer {
            status: 200,
            body: body.into(),
        }))
    };
    assert_eq!(of(""), Ok(Value::Null));
    assert_eq!(of(r#"{"a":1}"#), Ok(json!({ "a": 1 })));
    for bad in ["<!DOCTYPE html>", r#"{"a":"#, "{}{}", &"[".repeat(5000)] {
        assert_eq!(of(bad), Err(ProviderFault::Malformed), "{bad:.20}");
    }
    assert_eq!(
        judged(&Err(ProviderFault::Status(404))),
        Err(ProviderFault::Status(404))
    );
    let long = told(&json!({ "text": "ë".repeat(9000) }));
    assert!(long.len() < 5000, "{}", long.len());
    assert!(
        serde_json::from_str::<Value>(&long).is_ok(),
        "it is JSON still"
    );
}

#[test]
fn only_numbers_are_looked_up() {
    let plan = tandem_types::tool::HttpLookup {
        endpoint: "head/caller_lookup".into(),
        url: UrlTemplate {
            origin: "https://crm.example".into(),
            path: vec![text("/callers/"), gap("from_e164")],
            query: vec![],
        },
        timeout: Duration::from_millis(800),
        keep: vec![],
    };
    let url = |from: &str| caller_lookup(&plan, from).map(|ask| ask.url);
    assert_eq!(
        url("+447700900123"),
        Some("https://crm.example/callers/%2B447700900123".into())
    );
    for none in [
        "",
        "200",
        "anonymous",
        "sip:mary@example.com",
        "+44/../x",
        "+44770090012٣",
    ] {
        assert_eq!(url(none), None, "{none}");
    }
}
