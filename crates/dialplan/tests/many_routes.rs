//! What a route decision costs among ten routes and among ten thousand: counted, not timed.

#[path = "dialplan/many.rs"]
mod many;

#[path = "../../sip/tests/counting/allocator.rs"]
mod allocator;

use many::{files, plan, route};
use tandem_dialplan::{DialTarget, Plan};

/// Allocations of a decision, and where it leads.
fn decided(plan: &Plan, called: &str) -> (usize, Option<String>) {
    let (route, spent) = allocator::counted(|| route(plan, called));
    (spent, route.map(|r| r.destination.to_string()))
}

#[test]
fn a_decision_allocates_no_more_among_ten_thousand_routes_than_among_ten() {
    let few = plan(&files(1, 10));
    for plan in [plan(&files(1, 10_000)), plan(&files(200, 50))] {
        for (called, to) in [
            ("+442000000008", Some("ext:700008")),
            ("442000000008", Some("ext:700008")),
            ("003300000842", Some("echo")),
            ("+442099999999", None),
        ] {
            let (spent, found) = decided(&plan, called);
            assert_eq!(found.as_deref(), to, "{called}");
            assert_eq!(decided(&few, called), (spent, found), "{called}");
            assert!(spent <= 24, "{spent} allocations for {called}");
        }
        let last = decided(&plan, "+442000009998").1;
        assert_eq!(last.as_deref(), Some("ext:709998"));
        let dialled = plan.may_dial(Some("p0000"), DialTarget::Ext("709998"));
        assert_eq!(dialled, Ok(()));
        let user = plan.phones.extensions.of_user("u9998");
        assert_eq!(user.map(|e| e.pattern.as_str()), Some("709998"));
    }
}
