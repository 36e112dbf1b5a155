//! The office of the model: who takes part, and the settings that change from run to run.

use super::config::Config;
use std::time::Duration;
use std::{cell::RefCell, collections::BTreeMap, rc::Rc, sync::Arc};
use tandem_agent::Brain;
use tandem_call::brains_of;
use tandem_dialplan::Plan;
use tandem_phone::Voice;
use tandem_sim::{PhoneId, World, sound::tone};

/// What somebody is there for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Part {
    /// Behind the carrier; calls the office.
    Caller,
    /// On a desk, registered.
    Desk,
    /// Behind the carrier; is called by the office.
    Outside,
    /// The carrier itself: refuses numbers that nobody has.
    Carrier,
}

/// Name, user part, part. The order is the order of [`super::event::Whose`].
pub(crate) const CAST: &[(&str, &str, Part)] = &[
    ("Ann", "+441632960001", Part::Caller),
    ("Ben", "+441632960002", Part::Caller),
    ("Cem", "+441632960003", Part::Caller),
    ("200", "200", Part::Desk),
    ("200 too", "200", Part::Desk),
    ("201", "201", Part::Desk),
    ("202", "202", Part::Desk),
    ("203", "203", Part::Desk),
    ("204", "204", Part::Desk),
    ("viewings", "+441632960700", Part::Outside),
    ("engineer", "+441632960555", Part::Outside),
    ("carrier", "", Part::Carrier),
];

/// Whom the plan allows to be dialled, by user part.
pub(crate) const MAY_BE_DIALLED: &[&str] = &[
    "200",
    "201",
    "202",
    "203",
    "204",
    "+441632960700",
    "+441632960555",
];

/// Who is called back if they ask for it; and nobody else behind the carrier is.
pub(crate) const MAY_BE_CALLED_BACK: &[&str] = &["+441632960001", "+441632960002"];

/// The office in five settings; times are short, so that they run out within a run.
fn settings() -> Vec<Config> {
    let office = || {
        Config::office()
            .with(
                "answer_wait = \"5s\"",
                "answer_wait = \"3s\"\ntotal = \"25s\"",
            )
            .with("timeout = \"5s\"", "timeout = \"2500ms\"")
            .with(
                "\"2000\" = \"echo\"",
                "\"2000\" = \"echo\"\n\"2009\" = \"voicemail:general\"",
            )
            .and(
                "dialplans/head.toml",
                "\n[voicemail.general]\nphones = [\"201\", \"203\"]\nmax_length = \"20s\"\nthen = \"announce:notice\"\n",
            )
            .and("phones.toml", "\n[features]\nvoicemail = \"*97\"\n")
            .with(
                "method = \"refer-then-bridge\"",
                "method = \"refer-then-bridge\"\nrefer_wait = \"9s\"",
            )
    };
    let model = "\n[providers.fast]\nllm = { kind = \"openai\", base_url = \"http://127.0.0.1:9/v1\", model = \"small\" }\n";
    vec![
        office(),
        office().and("tandem.toml", model).with(
            "spoken = \"the front desk\"",
            "spoken = \"the front desk\"\nproviders = \"fast\"",
        ),
        // REFER or nothing, and hardly any room.
        office()
            .with("total = \"25s\"", "total = \"10s\"")
            .with("refer-then-bridge", "refer")
            .with("name = \"gw-1\"", "name = \"gw-1\"\nmax_calls = 4")
            .with(
                "[limits]\nmay_dial = [\"_+44",
                "[limits]\ncalls = 4\nreserve = 2\nmay_dial = [\"_+44",
            ),
        // Transfers may not last, and callers wait, or are called back.
        office().with("total = \"25s\"", "total = \"10s\"\nsend_to = \"queue:billing\"").with(
            "members = [\"ext:201\", \"ext:202\"]",
            "max_wait = \"15s\"\noverflow = \"voicemail:general\"\nleave_to = \"callback:billing\"\nring_again = \"2s\"\nafter_call = \"2s\"\nmax_waiting = 2\nmembers = [\"ext:201\", \"ext:202\"]",
        )
        .with("\"2009\" = \"voicemail:general\"", "\"2009\" = \"voicemail:general\"\n\"2008\" = \"callback:billing\"")
        .with("may_dial = [\"_20X\", \"+441632960555\"", "may_dial = [\"_20X\", \"_+44163296000X\", \"+441632960555\"")
        .and(
            "dialplans/head.toml",
            "\n[callbacks.billing]\nqueue = \"billing\"\nmay_call = [\"_+44163296000[12]\"]\nattempts = 2\nevery = \"3s\"\nkeep = \"1m\"\notherwise = \"voicemail:general\"\n",
        ),
        // Nor may calls.
        office()
            .with("total = \"25s\"", "total = \"10s\"\nattempts = 2")
            .with(
                "[limits]\nmay_dial = [\"_20X\"",
                "[limits]\nmax_call = \"50s\"\nmay_dial = [\"_20X\"",
            ),
    ]
}

/// How many settings there are.
pub(crate) const SETTINGS: u64 = 5;
/// The one in which callers are called back.
pub(crate) const WITH_CALLBACKS: u64 = 3;

type Ready = Rc<Vec<(Arc<Plan>, BTreeMap<String, Arc<Brain>>)>>;

thread_local! {
    /// Training the classifiers takes longer than a run.
    static READY: RefCell<Option<Ready>> = const { RefCell::new(None) };
}

fn ready() -> Ready {
    let make = || {
        let plans = settings().into_iter().map(|c| c.plan());
        Rc::new(
            plans
                .map(|p| (brains_of(&p), p))
                .map(|(b, p)| (Arc::new(p), b))
                .collect(),
        )
    };
    READY.with_borrow_mut(|r| r.get_or_insert_with(make).clone())
}

/// A world with everybody in it, the desks registered.
pub(crate) fn world(setting: u64, seed: u64) -> (World, Vec<PhoneId>) {
    let ready = ready();
    let (plan, brains) = &ready[setting as usize];
    let mut w = World::with_brains(plan.clone(), brains.clone(), seed);
    // A whole number of periods, so that it can be repeated.
    let voice = |i: usize| {
        Voice::Pcm(Arc::new(tone(
            3300.0 + 40.0 * i as f64,
            Duration::from_millis(200),
        )))
    };
    let cast = CAST
        .iter()
        .enumerate()
        .map(|(i, (name, user, part))| match part {
            Part::Caller => w.outside(name, user),
            Part::Outside => w.outside_with(name, user, |c| c.voice = voice(i)),
            Part::Carrier => w.carrier(),
            Part::Desk => {
                let id = w.desk_with(name, user, |c| c.voice = voice(i));
                w.registers(id);
                id
            }
        })
        .collect();
    (w, cast)
}
