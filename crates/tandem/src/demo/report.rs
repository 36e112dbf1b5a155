//! What became of each call: from the database, and from what was heard.

use super::scenes::Scene;
use crate::calls;
use anyhow::Context;
use serde_json::json;
use tandem_server::{Gateway, trace::ladder};

/// Prints everything; `true`: every check passed.
pub(crate) async fn print(gateway: &Gateway, scenes: &[Scene], json: bool) -> anyhow::Result<bool> {
    let store = gateway.store();
    let mut rows = Vec::new();
    let mut passed = true;
    for scene in scenes {
        let detail = store
            .call(scene.call)
            .await?
            .with_context(|| format!("no CDR of {}", scene.call))?;
        let verdict = store.verify(scene.call).await?;
        let mut checks = scene.checks.clone();
        checks.push((
            "one CDR, with who ended it and why".into(),
            detail.call.ended_by.is_some() && detail.call.reason.is_some(),
        ));
        checks.push((
            "every handoff has one end, and was delivered as recorded".into(),
            detail.handoffs.iter().all(|h| {
                h.ended.is_some()
                    && (h.state != "completed" || h.delivered_equals_recorded == Some(true))
            }),
        ));
        checks.push((
            format!("the chain of its {} events is whole", verdict.events),
            verdict.broken.is_none(),
        ));
        passed &= checks.iter().all(|(_, ok)| *ok);
        if json {
            rows.push(json!({
                "scene": scene.title,
                "checks": checks.iter().map(|(what, ok)| json!({ "check": what, "ok": ok })).collect::<Vec<_>>(),
                "call": detail,
                "ladder": ladder(&gateway.trace(scene.call)),
            }));
            continue;
        }
        println!("\n=== {} ===\n", scene.title);
        print!("{}", calls::text(&detail));
        println!("\n  where each word went");
        for h in &detail.handoffs {
            println!("  {}", calls::handoff_line(h));
            let goal = h
                .package
                .get("goal")
                .and_then(|g| g.as_str())
                .unwrap_or("-");
            println!("           goal: {goal}");
            if let Some(delivered) = &h.delivered {
                println!("           told: {delivered}");
            }
        }
        println!("\n  ladder\n");
        for line in ladder(&gateway.trace(scene.call)).lines() {
            println!("  {line}");
        }
        println!("\n  checks");
        for (what, ok) in &checks {
            println!("  {} {what}", if *ok { "ok  " } else { "FAIL" });
        }
    }
    if json {
        println!(
            "{}",
            serde_json::to_string_pretty(&json!({ "passed": passed, "calls": rows }))?
        );
    } else {
        println!(
            "\n{}",
            if passed {
                "All checks passed."
            } else {
                "Some checks FAILED."
            }
        );
    }
    Ok(passed)
}
