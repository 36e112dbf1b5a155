//! What a registered phone dials to set something.

use super::Destination;

/// Codes by what they do; `None`: there is none.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Features {
    /// Queues do not ring the phone any more.
    pub pause: Option<String>,
    /// They do again.
    pub resume: Option<String>,
    /// The messages of the phone are heard.
    pub voicemail: Option<String>,
}

impl Features {
    /// Where a phone comes to that dials this.
    pub fn find(&self, called: &str) -> Option<Destination> {
        let is = |code: &Option<String>| code.as_deref() == Some(called);
        if is(&self.pause) {
            Some(Destination::Pause(true))
        } else if is(&self.resume) {
            Some(Destination::Pause(false))
        } else if is(&self.voicemail) {
            Some(Destination::Messages)
        } else {
            None
        }
    }
}
