//! The prompt cache: one synthesis for a line, files for prompts only, herds.

use crate::common::*;
use futures_util::{StreamExt, future::join_all};
use std::{fs, path::Path, sync::Arc, time::Duration};
use tandem_speech::{Line, Prompt, Providers, Rendered, Settings};
use tandem_standin::{Door, End, Fault, Script, Speak, Standin};
use tandem_types::provider::ProviderFault;

fn with_folder(standin: &Standin, dir: &Path) -> Arc<Providers> {
    let settings = Settings {
        cache_dir: Some(dir.to_owned()),
        ..Settings::default()
    };
    Providers::new(vec![profile("fast", &standin.base_url)], settings).expect("profiles")
}

fn prompt(text: &str) -> Prompt {
    Prompt {
        profile: "fast".to_owned(),
        line: Line::new(text, "alba", "en"),
    }
}

fn files(dir: &Path) -> Vec<std::path::PathBuf> {
    fs::read_dir(dir)
        .map(|entries| {
            entries
                .map(|entry| entry.expect("an entry").path())
                .collect()
        })
        .unwrap_or_default()
}

#[tokio::test]
async fn prompts_survive_a_restart_and_a_torn_file_is_made_again() {
    let standin = Standin::start(Script::default()).await.expect("a port");
    let dir = tempfile::tempdir().expect("a folder");
    let prompts = || {
        ["Good morning.", "One moment.", "Good morning."]
            .map(prompt)
            .to_vec()
    };
    let mut seen = Vec::new();
    let end = within(
        with_folder(&standin, dir.path())
            .render_all(prompts(), |progress| seen.push(progress.done)),
    )
    .await;
    assert_eq!(
        (end, seen),
        (
            Rendered {
                done: 3,
                failed: 0,
                total: 3
            },
            vec![1, 2, 3]
        )
    );
    assert_eq!(standin.log_of(Door::Speech).len(), 2);
    assert_eq!(files(dir.path()).len(), 2);

    let (before, _) = listen(
        with_folder(&standin, dir.path())
            .tts("fast")
            .speak(prompt("Good morning.").line),
    )
    .await;
    assert!(before.len() > 4000);
    assert_eq!(
        standin.log_of(Door::Speech).len(),
        2,
        "it came from the disk"
    );

    for file in files(dir.path()) {
        let bytes = fs::read(&file).expect("a file");
        fs::write(&file, &bytes[..bytes.len() / 2]).expect("a file");
    }
    let (after, end) = listen(
        with_folder(&standin, dir.path())
            .tts("fast")
            .speak(prompt("Good morning.").line),
    )
    .await;
    assert_eq!((after, end), (before, Ok(())));
    assert_eq!(standin.log_of(Door::Speech).len(), 3);
}

#[tokio::test]
async fn what_is_said_in_a_call_never_reaches_the_disk() {
    let standin = Standin::start(Script::default()).await.expect("a port");
    let dir = tempfile::tempdir().expect("a folder");
    let tts = with_folder(&standin, dir.path()).tts("fast");
    for _ in 0..2 {
        listen(tts.speak(Line::new("Thank you, Mrs Miller.", "", "en")))
            .await
            .1
            .expect("sound");
    }
    assert_eq!(
        standin.log_of(Door::Speech).len(),
        1,
        "the second time it came from memory"
    );
    assert_eq!(files(dir.path()), Vec::<std::path::PathBuf>::new());
}

#[tokio::test]
async fn a_herd_asks_once_and_everybody_hears_it_all() {
    let speak = Speak {
        first: Duration::from_millis(200),
        pace: Duration::from_millis(10),
        ..Speak::default()
    };
    let standin = Standin::start(Script {
        speak,
        ..Script::default()
    })
    .await
    .expect("a port");
    let tts = providers(&standin).tts("fast");
    let heard =
        join_all((0..20).map(|_| listen(tts.speak(prompt("Please hold the line.").line)))).await;
    assert!(
        heard
            .iter()
            .all(|(pcm, end)| pcm.len() > 6000 && *pcm == heard[0].0 && end.is_ok())
    );
    assert_eq!(standin.log_of(Door::Speech).len(), 1);
}

#[tokio::test]
async fn one_of_a_herd_may_leave_and_the_last_one_ends_it() {
    let speak = Speak {
        pace: Duration::from_millis(100),
        ..Speak::default()
    };
    let standin = Standin::start(Script {
        speak,
        ..Script::default()
    })
    .await
    .expect("a port");
    let tts = providers(&standin).tts("fast");
    let line = || Line::new("word ".repeat(60), "", "en");
    let (mut first, mut second) = (tts.speak(line()), tts.speak(line()));
    assert!(matches!(within(first.next()).await, Some(Ok(_))));
    assert!(matches!(within(second.next()).await, Some(Ok(_))));
    drop(first);
    assert!(matches!(within(second.next()).await, Some(Ok(_))));
    drop(second);
    within(standin.until(|log| log[0].end == End::Dropped)).await;
    assert_eq!(standin.log().len(), 1);
}

#[tokio::test]
async fn a_failure_is_not_kept() {
    let standin = Standin::start(Script::default().fault_at(Door::Speech, 1, Fault::Cut))
        .await
        .expect("a port");
    let providers = providers(&standin);
    let end = within(providers.render_all(vec![prompt("Good morning.")], |_| ())).await;
    assert_eq!(
        end,
        Rendered {
            done: 1,
            failed: 1,
            total: 1
        }
    );
    let (_, end) = listen(providers.tts("fast").speak(prompt("Good morning.").line)).await;
    assert_eq!(end, Ok(()));
    let (_, end) = listen(providers.tts("nobody").speak(prompt("x").line)).await;
    assert_eq!(end, Err(ProviderFault::NotConfigured));
}
