//! The table's rows and columns by name, as the model test counts and prints them.

use super::{Input, Rules, Step};
use tandem_types::Mono;

impl Step {
    pub(super) fn name(&self) -> &'static str {
        match self {
            Self::Dialling { .. } => "dialling",
            Self::Ringing { .. } => "ringing",
            Self::Answered { accepted: false } => "answered",
            Self::Answered { accepted: true } => "answered, accepted",
            Self::Telling { asked: false } => "telling",
            Self::Telling { asked: true } => "asking again",
            Self::Waiting { asked: false, .. } => "waiting",
            Self::Waiting { asked: true, .. } => "waiting, asked again",
        }
    }

    /// When it is over by itself.
    pub(super) fn until(&self) -> Option<Mono> {
        match self {
            Self::Dialling { until } | Self::Ringing { until } | Self::Waiting { until, .. } => {
                Some(*until)
            }
            Self::Answered { .. } | Self::Telling { .. } => None,
        }
    }
}

impl Input {
    pub(super) fn name(&self, rules: &Rules) -> &'static str {
        match self {
            Self::Rang(_) => "18x",
            Self::Answered(_) => "2xx",
            Self::Gone(..) => "gone",
            Self::Key(_, key) if *key == rules.accept_key => "key: take",
            Self::Key(_, key) if *key == rules.decline_key => "key: not now",
            Self::Key(_, key) if *key == rules.more_key => "key: more",
            Self::Key(_, key) if rules.queue_key == Some(*key) => "key: queue",
            Self::Key(..) => "another key",
            Self::Told(_) => "told",
            Self::Ready => "ready",
            Self::CallerGone => "caller gone",
            Self::Abandon => "abandon",
        }
    }
}
