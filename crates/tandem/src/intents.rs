//! `tandem intents eval`: how well the local classifier does on rows that it has not seen.

use anyhow::Context;
use std::{
    hint::black_box,
    path::{Path, PathBuf},
    process::ExitCode,
    time::Instant,
};
use tandem_agent::intent::{IntentModel, Judgement, Said, judge};

/// The label of rows that belong to no intent, as CLINC150 has it.
const OUT_OF_SCOPE: &str = "oos";

/// What the dialplan's classifiers are seeded with is of no account here; any number will do.
const SEED: u64 = 1;

/// Where the rows are: `label<TAB>utterance` a line; the label `oos` for what belongs to no intent.
#[derive(clap::Args, Debug)]
pub(crate) struct Rows {
    /// Rows to learn from.
    #[arg(long)]
    train: PathBuf,
    /// Rows that calibrate and choose the thresholds.
    #[arg(long)]
    validate: PathBuf,
    /// Rows out of scope, for the paper's threshold.
    #[arg(long)]
    oos_validate: Option<PathBuf>,
    /// Rows to be judged by.
    #[arg(long)]
    test: PathBuf,
}

pub(crate) fn eval(files: &Rows, json: bool) -> anyhow::Result<ExitCode> {
    let learnt = rows(&files.train)?;
    let held = rows(&files.validate)?;
    let mut validate = held.clone();
    if let Some(path) = &files.oos_validate {
        validate.extend(rows(path)?);
    }
    let test = rows(&files.test)?;
    anyhow::ensure!(
        learnt.iter().any(|s| s.intent.is_some()),
        "{} has no row in scope",
        files.train.display()
    );
    let (model, train_seconds) = timed(|| IntentModel::fit(&learnt, &held, SEED));
    let judgement = judge(&model, &validate, &test);
    let (_, seconds) = timed(|| {
        for said in &test {
            black_box(model.classify(&said.text));
        }
    });
    let microseconds = seconds * 1e6 / test.len().max(1) as f64;
    print(&judgement, train_seconds, microseconds, json)?;
    Ok(ExitCode::SUCCESS)
}

#[expect(
    clippy::disallowed_methods,
    reason = "a measurement is what was asked for"
)]
fn timed<T>(work: impl FnOnce() -> T) -> (T, f64) {
    let begun = Instant::now();
    let done = work();
    (done, begun.elapsed().as_secs_f64())
}

fn rows(path: &Path) -> anyhow::Result<Vec<Said>> {
    let text = std::fs::read_to_string(path).with_context(|| path.display().to_string())?;
    let mut out = Vec::new();
    for (n, line) in text.lines().enumerate().filter(|l| !l.1.trim().is_empty()) {
        let (label, said) = line.split_once('\t').with_context(|| {
            format!("{}:{}: no tab: label<TAB>utterance", path.display(), n + 1)
        })?;
        out.push(Said {
            intent: (label != OUT_OF_SCOPE).then(|| label.to_owned()),
            text: said.to_owned(),
        });
    }
    Ok(out)
}

fn print(found: &Judgement, train: f64, each: f64, json: bool) -> anyhow::Result<()> {
    let round = |x: f64| (x * 100.0).round() / 100.0;
    if json {
        let kept = |k: tandem_agent::intent::Kept| serde_json::json!({ "in_scope": round(k.in_scope), "oos_recall": round(k.oos_recall) });
        let out = serde_json::json!({
            "paper": kept(found.paper),
            "ours": kept(found.ours),
            "auroc": round(found.auroc),
            "ece": round(found.ece),
            "train_seconds": round(train),
            "microseconds": round(each),
        });
        println!("{}", serde_json::to_string(&out)?);
        return Ok(());
    }
    println!("threshold   in scope   out of scope refused");
    for (name, kept) in [("paper", found.paper), ("ours", found.ours)] {
        println!(
            "{name:<10} {:>8.2} % {:>20.2} %",
            kept.in_scope, kept.oos_recall
        );
    }
    println!(
        "AUROC {:.2} %, calibration error {:.2} %",
        found.auroc, found.ece
    );
    println!("learnt in {train:.2} s, {each:.1} us an utterance");
    Ok(())
}
