//! What `tandem doctor` asks a running gateway: how it does, in findings that say what to do, and which calls it turned away.

use crate::http::App;
use arc_swap::ArcSwap;
use serde::{Deserialize, Serialize};
use std::{
    collections::VecDeque,
    path::Path,
    sync::{Arc, Mutex, PoisonError},
};
use tandem_call::TurnedAway;
use tandem_dialplan::{Dialplan, Plan, RecordFrom, Recordings};
use tandem_speech::{ProbeLine, Providers};
use tandem_types::Wall;

/// Calls that were turned away and are remembered; alike ones count as one.
const REMEMBERED: usize = 200;
/// For so long, in microseconds: an hour.
const FOR: i64 = 3_600_000_000;
/// Below so many bytes a disk is said to be short: an hour of journal of the busiest gateway, and room to act.
const SHORT: u64 = 1 << 30;

/// How grave a finding is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Grade {
    /// All is well.
    Ok,
    /// Calls are carried, and something should be seen to.
    Warning,
    /// Calls are lost, or will be.
    Error,
}

/// One thing that was looked at.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Finding {
    /// What: `trunk carrier`, `disk`.
    pub about: String,
    /// How grave.
    pub grade: Grade,
    /// One sentence.
    pub detail: String,
    /// What to do about it.
    pub cure: Option<String>,
}

impl Finding {
    /// All is well.
    pub fn ok(about: impl Into<String>, detail: impl Into<String>) -> Self {
        Self {
            about: about.into(),
            grade: Grade::Ok,
            detail: detail.into(),
            cure: None,
        }
    }

    /// Something is not.
    pub fn not_ok(
        grade: Grade,
        about: impl Into<String>,
        detail: impl Into<String>,
        cure: impl Into<String>,
    ) -> Self {
        Self {
            about: about.into(),
            grade,
            detail: detail.into(),
            cure: Some(cure.into()),
        }
    }
}

/// A call that was turned away, and how often.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rejected {
    /// The last time.
    pub at: Wall,
    /// How often within the hour.
    pub times: u32,
    /// Which, and why.
    #[serde(flatten)]
    pub call: TurnedAway,
}

/// Calls that were turned away in the last hour.
#[derive(Debug, Default)]
pub(crate) struct LastHour(Mutex<VecDeque<Rejected>>);

impl LastHour {
    /// How often one like it was, this one too. Those are alike that have one source and one reason: of an hour in which a trunk
    /// is full there is one row.
    pub(crate) fn push(&self, at: Wall, call: TurnedAway) -> u32 {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        all.retain(|r| at.0 - r.at.0 < FOR);
        let alike =
            |c: &TurnedAway| (c.source, c.status, &c.why) == (call.source, call.status, &call.why);
        let before = all.iter().position(|r| alike(&r.call));
        let before = before.and_then(|i| all.remove(i));
        let times = before.map_or(1, |r| r.times.saturating_add(1));
        if all.len() >= REMEMBERED {
            all.pop_front();
        }
        all.push_back(Rejected { at, times, call });
        times
    }

    /// The newest first.
    pub(crate) fn of_the_last_hour(&self, now: Wall) -> Vec<Rejected> {
        let all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let fresh = all.iter().rev().filter(|r| now.0 - r.at.0 < FOR);
        fresh.cloned().collect()
    }
}

/// What a running gateway says of itself.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Diagnosis {
    /// In the order of what a call needs.
    pub findings: Vec<Finding>,
    /// The newest first.
    pub rejected: Vec<Rejected>,
}

/// What is asked besides the shard.
#[derive(Clone)]
pub(crate) struct Surgery {
    pub(crate) providers: Arc<ArcSwap<Providers>>,
    pub(crate) turned_away: Arc<LastHour>,
    /// Where journal and database stand.
    pub(crate) data: String,
    pub(crate) clock: crate::Clock,
}

pub(crate) async fn diagnose(app: &App) -> Diagnosis {
    let surgery = &app.surgery;
    let mut findings = Vec::new();
    switch(app, &mut findings).await;
    findings.push(database(app));
    findings.push(disk(Path::new(&surgery.data)));
    let plan = app.plan.load_full();
    findings.extend(recordings(&plan, &plan.node.recordings));
    let providers = surgery.providers.load_full();
    findings.extend(providers.probe().await.into_iter().map(provider));
    Diagnosis {
        findings,
        rejected: surgery
            .turned_away
            .of_the_last_hour(surgery.clock.now().wall),
    }
}

/// Trunks that calls go out by, and that nobody asks whether they are there.
fn unasked(plan: &Plan) -> impl Iterator<Item = &String> {
    let unasked = plan
        .trunks
        .values()
        .filter(|t| t.outbound && t.health.is_none() && t.register.is_none());
    unasked.map(|t| &t.name)
}

async fn switch(app: &App, findings: &mut Vec<Finding>) {
    let Some(s) = app.snapshot().await else {
        findings.push(Finding::not_ok(
            Grade::Error,
            "gateway",
            "the signalling thread does not answer",
            "see its log, then restart it",
        ));
        return;
    };
    let plan = app.plan.load_full();
    let capacity = plan.node.max_calls;
    let calls = format!("{} of {capacity} calls", s.calls);
    findings.push(match s.calls >= capacity as usize {
        false => Finding::ok("gateway", calls),
        true => Finding::not_ok(
            Grade::Error,
            "gateway",
            format!("{calls}: more are refused"),
            "raise max_calls under [node], if the machine carries more",
        ),
    });
    for (trunk, state) in s.registrations {
        let about = format!("trunk {trunk}");
        findings.push(match state.as_str() {
            "registered" | "registering" => Finding::ok(about, state),
            _ => Finding::not_ok(
                Grade::Error,
                about,
                format!("registration: {state}"),
                format!("see registrar, username and password in trunks/{trunk}.toml"),
            ),
        });
    }
    for (trunk, peer, up) in s.peers {
        let about = format!("trunk {trunk}");
        findings.push(match up {
            true => Finding::ok(about, format!("{peer} answers")),
            false => Finding::not_ok(
                Grade::Error,
                about,
                format!("{peer} does not answer OPTIONS"),
                format!("see peers in trunks/{trunk}.toml, the firewall, and whether the carrier knows our address"),
            ),
        });
    }
    for trunk in unasked(&plan) {
        findings.push(Finding::ok(
            format!("trunk {trunk}"),
            "not asked: [health] options = \"30s\" in its file would",
        ));
    }
    findings.push(Finding::ok(
        "phones",
        format!("{} registered", s.phones.len()),
    ));
    if s.journal_waiting > 0 {
        findings.push(Finding::not_ok(
            Grade::Error,
            "journal",
            format!("{} events wait for the disk", s.journal_waiting),
            "make room on the disk that holds it; nothing is lost until the memory is full",
        ));
    }
}

fn database(app: &App) -> Finding {
    let status = app.rows.status();
    match status.away {
        None => Finding::ok(
            "database",
            format!("{} bytes of the journal behind", status.behind_bytes),
        ),
        Some(why) => Finding::not_ok(
            Grade::Warning,
            "database",
            format!("away: {why}"),
            "calls go on, and rows follow when it is back; see url under [store]",
        ),
    }
}

/// Bytes that are free where a folder is; one that the first start makes stands on the disk of the one above. `None`: nowhere.
pub(crate) fn room(dir: &Path) -> Option<rustix::io::Result<u64>> {
    let whole = std::path::absolute(dir).unwrap_or_else(|_| dir.to_owned());
    let there = whole.ancestors().find(|p| p.exists());
    there.map(|at| rustix::fs::statvfs(at).map(|s| s.f_bavail.saturating_mul(s.f_frsize)))
}

/// Room for recordings, where any dialplan makes some.
pub fn recordings(plan: &Plan, to: &Recordings) -> Option<Finding> {
    let never = |d: &Dialplan| d.recording.from == RecordFrom::Never && d.voicemail.is_empty();
    if plan.dialplans.values().all(never) {
        return None;
    }
    let free = room(Path::new(&to.dir)).and_then(Result::ok).unwrap_or(0);
    let detail = format!("{} MB free at {}", free >> 20, to.dir);
    Some(match free < to.min_free {
        false => Finding::ok("recordings", detail),
        true => Finding::not_ok(
            Grade::Error,
            "recordings",
            format!("{detail}: nothing is recorded"),
            "make room, or set dir or min_free_mb under [recordings]",
        ),
    })
}

/// Room where journal and database stand.
pub fn disk(data: &Path) -> Finding {
    match room(data) {
        Some(Ok(free)) => {
            let detail = format!("{} MB free at {}", free >> 20, data.display());
            match free {
                SHORT.. => Finding::ok("disk", detail),
                _ => Finding::not_ok(
                    Grade::Warning,
                    "disk",
                    detail,
                    "make room, or set data_dir under [node] to a larger disk",
                ),
            }
        }
        Some(Err(e)) => Finding::not_ok(
            Grade::Warning,
            "disk",
            format!("{}: {e}", data.display()),
            "see data_dir under [node]",
        ),
        None => Finding::not_ok(
            Grade::Warning,
            "disk",
            format!("{} is nowhere", data.display()),
            "see data_dir under [node]",
        ),
    }
}

/// A provider, as it answered just now.
pub fn provider(line: ProbeLine) -> Finding {
    let about = format!("provider {}", line.what);
    match line.ok {
        true => Finding::ok(about, line.detail),
        // The next profile, or keys, do its work meanwhile.
        false => Finding::not_ok(
            Grade::Warning,
            about,
            line.detail,
            "callers are served by its fallback, or by keys; see [providers] in tandem.toml",
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn call(called: &str) -> TurnedAway {
        TurnedAway {
            source: [192, 0, 2, 1].into(),
            from: String::new(),
            called: called.into(),
            status: Some(404),
            why: format!("nobody has {called}"),
            cure: None,
        }
    }

    #[test]
    fn alike_ones_are_counted_and_old_ones_forgotten() {
        let all = LastHour::default();
        for (at, called, times) in [(0, "1", 1), (1, "2", 1), (2, "1", 2)] {
            assert_eq!(all.push(Wall(at), call(called)), times);
        }
        let told = |now| -> Vec<(String, u32)> {
            let all = all.of_the_last_hour(Wall(now));
            all.into_iter().map(|r| (r.call.called, r.times)).collect()
        };
        assert_eq!(told(3), [("1".to_owned(), 2), ("2".to_owned(), 1)]);
        assert_eq!(told(FOR + 1), [("1".to_owned(), 2)]);
        assert_eq!(told(FOR + 2), []);
    }

    #[test]
    fn a_trunk_that_is_full_is_one_row_however_many_call() {
        let all = LastHour::default();
        for n in 1..=1000 {
            let full = TurnedAway {
                status: Some(503),
                why: "its trunk is full".into(),
                ..call(&n.to_string())
            };
            assert_eq!(all.push(Wall(0), full), n);
        }
        let told = all.of_the_last_hour(Wall(0));
        let told: Vec<_> = told
            .iter()
            .map(|r| (r.call.called.as_str(), r.times))
            .collect();
        assert_eq!(told, [("1000", 1000)]);
    }

    #[test]
    fn a_scan_pushes_the_oldest_out() {
        let all = LastHour::default();
        for i in 0..REMEMBERED + 5 {
            all.push(Wall(i as i64), call(&i.to_string()));
        }
        let told = all.of_the_last_hour(Wall(REMEMBERED as i64 + 5));
        assert_eq!(told.len(), REMEMBERED);
        assert_eq!(told.last().map(|r| r.call.called.as_str()), Some("5"));
    }

    #[test]
    fn a_folder_that_is_not_there_yet_is_measured_where_it_will_be() {
        let temp = tempfile::tempdir().expect("a folder");
        let finding = disk(&temp.path().join("not/yet"));
        assert!(finding.detail.contains("MB free"), "{finding:?}");
    }

    #[test]
    fn room_for_recordings_is_looked_for_where_there_are_any() {
        let temp = tempfile::tempdir().expect("a folder");
        let mut plan = Plan::default();
        let to = |min_free| Recordings {
            dir: temp.path().display().to_string(),
            min_free,
            ..Recordings::default()
        };
        assert_eq!(recordings(&plan, &to(0)), None);
        let mut records = Dialplan::default();
        records.recording.from = RecordFrom::Answer;
        plan.dialplans = [("office".to_owned(), records)].into();
        let grade = |min_free| recordings(&plan, &to(min_free)).map(|f| f.grade);
        assert_eq!(grade(0), Some(Grade::Ok));
        assert_eq!(grade(u64::MAX), Some(Grade::Error));
    }
}
