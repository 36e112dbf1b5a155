//! What the command line asks.

use crate::{journal, on_both, project, story};
use tandem_store::{CallFilter, HandoffFilter};
use tandem_types::{
    CallId, HandoffId, Party, Reason, Termination, Wall,
    journal::{HandoffEnd, What},
    media::LegStats,
};

fn at(seconds: i64) -> Option<Wall> {
    Some(Wall(story::T0.0 + (3600 + seconds) * 1_000_000))
}

#[tokio::test]
async fn a_call_comes_with_all_that_belongs_to_it() {
    on_both("detail", async |store| {
        let dir = tempfile::tempdir().unwrap();
        journal(dir.path(), &story::whole(1));
        journal(dir.path(), &story::whole(2));
        project(dir.path(), &store).await;
        assert_eq!(store.call(CallId(5)).await.unwrap(), None);
        let d = store.call(story::call(1)).await.unwrap().unwrap();

        let c = &d.call;
        assert_eq!((c.uniqueid, c.linkedid), (story::call(1), story::call(1)));
        assert_eq!(
            (Some(c.started), c.answered, c.disclosed),
            (at(0), at(3), at(6))
        );
        assert_eq!(
            (c.duration_ms, c.billed_ms, c.billsec),
            (Some(61_500), Some(59_999), Some(59))
        );
        assert_eq!(
            (c.from.as_str(), c.to.as_str()),
            ("+442079460000", "+442079461000")
        );
        assert_eq!(
            (c.disposition.as_deref(), c.via.as_str()),
            (Some("ANSWERED"), "carrier-a")
        );
        assert_eq!(
            (c.ended_by.as_deref(), c.reason.as_deref()),
            (Some("callee"), Some("normal"))
        );
        assert_eq!((c.sip, c.q850), (Some(0), Some(16)));
        assert_eq!(
            (c.agent.as_deref(), c.dialplan.as_deref()),
            (Some("billing"), Some("head-office"))
        );

        let legs: Vec<_> = d
            .legs
            .iter()
            .map(|l| (l.leg.index, l.role.as_str()))
            .collect();
        assert_eq!(legs, [(1, "caller"), (3, "consult")]);
        assert_eq!(
            d.legs[0].proved_by.as_deref(),
            Some("rtp"),
            "the first proof stands"
        );
        assert_eq!((d.legs[0].ringing, d.legs[0].answered), (None, at(2)));
        assert_eq!(d.legs[1].codec.as_deref(), Some("pcmu"));
        assert_eq!(d.legs[1].stats, Some(LegStats::default()));
        let received = d.legs[0].stats.unwrap().received;
        assert_eq!(
            received,
            i64::MAX as u64,
            "what no column can hold is its largest number"
        );

        let turns: Vec<_> = d
            .turns
            .iter()
            .map(|t| (t.turn.as_str(), t.speaker.as_str()))
            .collect();
        assert_eq!(turns, [("t1", "agent:front-desk"), ("t2", "caller")]);
        assert!(d.turns[0].interrupted && !d.turns[1].interrupted);
        assert_eq!(
            d.turns[0].generated.as_deref(),
            Some("Northgate, how may I help?")
        );
        assert_eq!(d.turns[1].text, "my bill is wrong");
        assert_eq!(d.turns[1].confidence, 640);
        assert_eq!(d.turns[1].intent.as_deref(), Some("billing"));
        assert_eq!(d.turns[1].intent_confidence, Some(870));
    })
    .await;
}

#[tokio::test]
async fn the_ledger_and_the_steps_of_a_transfer_are_told() {
    on_both("ledger", async |store| {
        let dir = tempfile::tempdir().unwrap();
        journal(dir.path(), &story::whole(1));
        project(dir.path(), &store).await;
        let d = store.call(story::call(1)).await.unwrap().unwrap();
        let [first, second] = &d.handoffs[..] else {
            panic!("{:?}", d.handoffs)
        };
        assert_eq!(
            (first.from.as_str(), first.to.as_str()),
            ("agent:front-desk", "agent:billing")
        );
        assert_eq!(
            (first.state.as_str(), first.reason.as_str()),
            ("completed", "intent_match")
        );
        assert!(first.intact && first.delivered_equals_recorded == Some(true));
        assert_eq!(
            first.package["goal"],
            "my bill is wrong \u{2014} caf\u{e9}, \"twice\""
        );
        assert!(first.entered.is_some() && second.entered.is_none());
        assert_eq!(second.to, "queue:billing");
        assert_eq!(second.delivered.as_deref(), Some("A caller, the bill."));

        let [t] = &d.transfers[..] else {
            panic!("{:?}", d.transfers)
        };
        assert_eq!((t.kind.as_str(), t.to.as_str()), ("warm", "queue:billing"));
        assert_eq!(t.handoff, second.handoff);
        assert_eq!(t.outcome.as_deref(), Some("completed"));
        assert_eq!(t.brief.as_deref(), Some("A caller, the bill."));
        assert_eq!(t.accepted_by.as_deref(), Some("key 1"));
        let steps = [
            Some(t.started),
            t.rang,
            t.answered,
            t.briefed,
            t.accepted,
            t.bridged,
            t.ended,
        ];
        assert!(
            steps.iter().all(Option::is_some) && steps.is_sorted(),
            "{steps:?}"
        );
        let [busy, taken] = &t.attempts[..] else {
            panic!("{:?}", t.attempts)
        };
        assert_eq!(
            (busy.target.as_str(), busy.reason.as_deref()),
            ("ext:201", Some("busy"))
        );
        assert_eq!((busy.sip, busy.rang), (Some(486), None));
        assert_eq!((taken.attempt, taken.reason.as_deref()), (2, None));
        assert_eq!(taken.rang, t.rang);
        assert!(taken.accepted.is_some());
    })
    .await;
}

#[tokio::test]
async fn calls_are_filtered_and_the_newest_come_first() {
    on_both("filters", async |store| {
        let dir = tempfile::tempdir().unwrap();
        journal(dir.path(), &story::whole(1));
        journal(dir.path(), &story::number(2, story::opening(2)));
        let end = Termination {
            by: Party::Caller,
            reason: Reason::Cancelled,
            sip: 487,
            q850: 0,
        };
        let mut given_up = story::opening(3)[..2].to_vec();
        given_up.push(What::CallEnded {
            end,
            duration_ms: 900,
            billed_ms: 0,
        });
        journal(dir.path(), &story::number(3, given_up));
        project(dir.path(), &store).await;
        let ask = async |filter: CallFilter, limit| -> Vec<u128> {
            let rows = store.calls(&filter, limit).await.unwrap();
            rows.iter()
                .map(|c| c.uniqueid.0 - story::call(0).0)
                .collect()
        };
        let all = CallFilter::default;
        assert_eq!(ask(all(), 10).await, [3, 2, 1]);
        assert_eq!(ask(all(), 2).await, [3, 2]);
        assert_eq!(
            ask(
                CallFilter {
                    open: Some(true),
                    ..all()
                },
                10
            )
            .await,
            [2]
        );
        assert_eq!(
            ask(
                CallFilter {
                    open: Some(false),
                    ..all()
                },
                10
            )
            .await,
            [3, 1]
        );
        let missed = Some("NO ANSWER".to_owned());
        assert_eq!(
            ask(
                CallFilter {
                    disposition: missed,
                    ..all()
                },
                10
            )
            .await,
            [3]
        );
        assert_eq!(
            ask(
                CallFilter {
                    since: at(1),
                    ..all()
                },
                10
            )
            .await,
            [3, 2]
        );
        assert_eq!(
            ask(
                CallFilter {
                    until: at(1),
                    ..all()
                },
                10
            )
            .await,
            [1]
        );
        let part = |s: &str| CallFilter {
            number: Some(s.to_owned()),
            ..all()
        };
        assert_eq!(ask(part("9461"), 10).await.len(), 3);
        assert_eq!(
            ask(part("%"), 10).await.len(),
            0,
            "a wildcard is a character"
        );
        assert_eq!(ask(part("_"), 10).await.len(), 0);
        let other = CallFilter {
            dialplan: Some("branch".to_owned()),
            ..all()
        };
        assert_eq!(ask(other, 10).await.len(), 0);
    })
    .await;
}

#[tokio::test]
async fn handoffs_are_filtered_and_the_first_terminal_state_stands() {
    on_both("handoffs", async |store| {
        let dir = tempfile::tempdir().unwrap();
        let whole = story::whole(1);
        let mut what: Vec<_> = whole.iter().map(|e| e.what.clone()).collect();
        what.retain(|w| {
            !matches!(w, What::HandoffEnded { handoff, .. } if *handoff == story::handoff(1, 2))
        });
        let fail = |end| What::HandoffEnded {
            handoff: story::handoff(1, 2),
            end,
            reason: Some(Reason::NoAnswer),
        };
        what.extend([fail(HandoffEnd::Failed), fail(HandoffEnd::Completed)]);
        journal(dir.path(), &story::number(1, what));
        project(dir.path(), &store).await;
        let ask = async |filter: HandoffFilter| -> Vec<HandoffId> {
            store
                .handoffs(&filter)
                .await
                .unwrap()
                .iter()
                .map(|h| h.handoff)
                .collect()
        };
        let all = HandoffFilter::default;
        let (one, two) = (story::handoff(1, 1), story::handoff(1, 2));
        assert_eq!(ask(all()).await, [two, one]);
        assert_eq!(
            ask(HandoffFilter {
                limit: Some(1),
                ..all()
            })
            .await,
            [two]
        );
        let failed = HandoffFilter {
            state: Some("failed".to_owned()),
            ..all()
        };
        assert_eq!(ask(failed).await, [two]);
        let to = HandoffFilter {
            to: Some("agent:billing".to_owned()),
            ..all()
        };
        assert_eq!(ask(to).await, [one]);
        assert_eq!(
            ask(HandoffFilter {
                call: Some(story::call(2)),
                ..all()
            })
            .await,
            []
        );
        assert_eq!(
            ask(HandoffFilter {
                since: at(3000),
                ..all()
            })
            .await,
            []
        );
        let rows = store.handoffs_of(story::call(1)).await.unwrap();
        assert_eq!(rows[1].failed_reason.as_deref(), Some("no_answer"));
    })
    .await;
}

#[tokio::test]
async fn a_record_is_json_that_other_programs_can_read() {
    on_both("as_json", async |store| {
        let dir = tempfile::tempdir().unwrap();
        let mut events = story::number(1, story::opening(1));
        if let What::CallStarted { from, .. } = &mut events[0].what {
            *from = "a\0b".to_owned();
        }
        journal(dir.path(), &events);
        project(dir.path(), &store).await;
        let rows = store.calls(&CallFilter::default(), 1).await.unwrap();
        let json = serde_json::to_value(&rows[0]).unwrap();
        assert_eq!(json["started"], "2026-09-21T15:13:20.000Z");
        assert_eq!(json["ended"], serde_json::Value::Null);
        assert_eq!(json["from"], "a\u{fffd}b", "no database column holds NUL");
        assert_eq!(store.verify(story::call(1)).await.unwrap().broken, None);
    })
    .await;
}

#[test]
fn the_kind_of_an_event_is_the_type_that_its_json_has() {
    let mut kinds = std::collections::BTreeSet::new();
    for event in story::whole(1) {
        let json = serde_json::to_value(&event.what).unwrap();
        assert_eq!(json["type"], event.what.kind());
        kinds.insert(event.what.kind());
    }
    assert!(kinds.len() >= 20, "{kinds:?}");
}
