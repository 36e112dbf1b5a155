//! The override of opening hours that somebody set by hand. It outlives the process: who closed the office for
//! the night does not want it open after a restart.

use std::{
    collections::BTreeSet,
    io::{self, ErrorKind},
    path::PathBuf,
};
use tandem_dialplan::Plan;

/// In the data directory: the name of the override and nothing else; no file, no override.
const FILE: &str = "override";

/// What takes an override back.
pub(crate) const AUTO: &str = "auto";

/// The override that is set, and those that could be.
#[derive(Debug)]
pub(crate) struct Override {
    path: PathBuf,
    known: BTreeSet<String>,
    set: Option<String>,
}

/// Why an override cannot be set.
#[derive(Debug, thiserror::Error)]
pub(crate) enum NotSet {
    /// The admin's.
    #[error("no [[when]] rule knows this override; known are {0}")]
    Unknown(String),
    /// The disk's: it is not set, as it would not last.
    #[error("cannot be written: {0}")]
    Unwritten(#[from] io::Error),
}

impl Override {
    /// What was set before the last stop. One that no rule knows any more is gone; a file that cannot be read is
    /// told in the log, and calls are taken by the hours.
    pub(crate) fn read(plan: &Plan) -> Self {
        let path = PathBuf::from(&plan.node.data_dir).join(FILE);
        let known: BTreeSet<String> = plan
            .dialplans
            .values()
            .flat_map(|d| d.overrides().map(str::to_owned))
            .collect();
        let found = match std::fs::read_to_string(&path) {
            Ok(text) => Some(text.trim().to_owned()),
            Err(e) if e.kind() == ErrorKind::NotFound => None,
            Err(e) => {
                tracing::error!(path = %path.display(), error = %e, "the override of the hours cannot be read");
                None
            }
        };
        let set = found.filter(|name| {
            let ours = known.contains(name);
            if !ours {
                tracing::warn!(name, "no [[when]] rule knows the override that was set");
            }
            ours
        });
        Self { path, known, set }
    }

    /// What is set now.
    pub(crate) fn now(&self) -> Option<String> {
        self.set.clone()
    }

    /// What rules ask for.
    pub(crate) fn known(&self) -> &BTreeSet<String> {
        &self.known
    }

    /// Sets one, or takes it back by [`AUTO`]; gives what is set then. On disk first.
    pub(crate) fn set(&mut self, name: &str) -> Result<Option<String>, NotSet> {
        if name == AUTO {
            match std::fs::remove_file(&self.path) {
                Err(e) if e.kind() != ErrorKind::NotFound => return Err(e.into()),
                _ => self.set = None,
            }
        } else if self.known.contains(name) {
            std::fs::write(&self.path, format!("{name}\n"))?;
            self.set = Some(name.to_owned());
        } else {
            let known: Vec<&str> = self.known.iter().map(String::as_str).collect();
            return Err(NotSet::Unknown(match known.is_empty() {
                true => "none".to_owned(),
                false => known.join(", "),
            }));
        }
        Ok(self.now())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tandem_dialplan::{Destination, Dialplan, Node, When};

    fn plan(dir: &std::path::Path, name: &str) -> Plan {
        let rule = When {
            name: "by hand".into(),
            within: None,
            outside: None,
            manual: Some(name.into()),
            callers: tandem_dialplan::Patterns::default(),
            attestation: Vec::new(),
            share: None,
            start: Destination::Hangup,
        };
        let dialplan = Dialplan {
            when: vec![rule],
            ..Dialplan::default()
        };
        Plan {
            node: Node {
                data_dir: dir.to_string_lossy().into_owned(),
                ..Node::default()
            },
            dialplans: [("head".to_owned(), dialplan)].into(),
            ..Plan::default()
        }
    }

    #[test]
    fn it_outlives_the_process_and_is_taken_back() {
        let dir = tempfile::tempdir().expect("a directory");
        let mut first = Override::read(&plan(dir.path(), "night"));
        assert_eq!(first.now(), None);
        assert_eq!(first.set("night").expect("known"), Some("night".into()));
        let mut again = Override::read(&plan(dir.path(), "night"));
        assert_eq!(again.now(), Some("night".into()));
        assert!(matches!(again.set("nigth"), Err(NotSet::Unknown(known)) if known == "night"));
        assert_eq!(again.now(), Some("night".into()), "a slip changes nothing");
        // The plan does not know it any more.
        assert_eq!(Override::read(&plan(dir.path(), "strike")).now(), None);
        assert_eq!(again.set(AUTO).expect("taken back"), None);
        assert_eq!(again.set(AUTO).expect("twice does no harm"), None);
        assert_eq!(Override::read(&plan(dir.path(), "night")).now(), None);
    }

    #[test]
    fn what_cannot_be_kept_is_not_set() {
        let dir = tempfile::tempdir().expect("a directory");
        let gone = dir.path().join("gone");
        let mut it = Override::read(&plan(&gone, "night"));
        assert!(matches!(it.set("night"), Err(NotSet::Unwritten(_))));
        assert_eq!(it.now(), None);
    }
}
