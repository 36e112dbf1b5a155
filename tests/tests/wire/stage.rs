//! Everybody in their place before a test begins: office, stand-in, gateway, capture.

use super::{
    audio::Streams,
    baresip::{Baresip, Like},
    capture::Capture,
    gateway::Running,
    lab::{Lab, listen},
    office::{FRONT_DESK, Office},
    raw,
    sipp::{Plays, Sipp},
    sound::{AI, CALLER},
};
use std::net::Ipv4Addr;
use tandem_standin::{Script, Speak, Standin};
use tandem_types::CallId;

/// A test's stage.
pub(crate) struct Stage {
    pub(crate) lab: Lab,
    pub(crate) office: Office,
    pub(crate) standin: Standin,
    pub(crate) running: Running,
    capture: Capture,
}

impl Stage {
    /// The shipped office; agents hear and speak by the stand-in, and answer by their templates.
    pub(crate) async fn set(test: u8) -> Self {
        Self::with(test, |_, office| office).await
    }

    /// As `set`, with something changed in the office.
    pub(crate) async fn with(test: u8, change: impl FnOnce(&Lab, Office) -> Office) -> Self {
        Self::thinking(test, false, Script::default(), change).await
    }

    /// As `with`, and where `llm` agents think by the stand-in, as the script says.
    pub(crate) async fn thinking(
        test: u8,
        llm: bool,
        script: Script,
        change: impl FnOnce(&Lab, Office) -> Office,
    ) -> Self {
        Self::over(Lab::new(test), llm, script, change).await
    }

    /// As `thinking`, in a lab where somebody is already.
    pub(crate) async fn over(
        lab: Lab,
        llm: bool,
        script: Script,
        change: impl FnOnce(&Lab, Office) -> Office,
    ) -> Self {
        let speak = Speak {
            hz: AI,
            ms_per_char: 15,
            ..Speak::default()
        };
        let standin = Standin::start(Script { speak, ..script })
            .await
            .expect("a port");
        let office = Office::shipped(&lab).with_standin(&standin.base_url, llm);
        let office = change(&lab, office).asking(&standin.tools_url());
        let running = Running::start(&lab, &office).await;
        let capture = Capture::start(&lab).await;
        Self {
            lab,
            office,
            standin,
            running,
            capture,
        }
    }

    /// Desk phone `n`, registered as an extension with the office's password.
    pub(crate) async fn phone(&self, n: u8, user: &str, like: Like<'_>) -> Baresip {
        let password = self.office.password(user);
        Baresip::start(
            &self.lab,
            n,
            Like {
                user,
                password: &password,
                ..like
            },
        )
        .await
    }

    /// A caller of `caller.xml` rings in by the trunk.
    pub(crate) async fn ring_in(&mut self, number: &str) -> Caller {
        self.ring_in_as(Plays::caller(number)).await
    }

    /// As `ring_in`, with more in the scenario.
    pub(crate) async fn ring_in_as(&mut self, plays: Plays<'_>) -> Caller {
        let sipp = Sipp::start(&self.lab, 3, plays);
        let (call, id) = self.running.call().await;
        Caller { sipp, call, id }
    }

    /// As `ring_in_as`, with something else to say than a burst of its tone.
    pub(crate) async fn ring_in_saying(&mut self, plays: Plays<'_>, talk: Vec<i16>) -> Caller {
        let sipp = Sipp::saying(&self.lab, 3, plays, talk);
        let (call, id) = self.running.call().await;
        Caller { sipp, call, id }
    }

    /// From now on the caller's tone is heard as these words.
    pub(crate) fn hears(&self, words: &str) {
        self.standin
            .change(|s| s.hear.tones = vec![(CALLER, words.to_owned())]);
    }

    /// From now on whatever is spoken anew sounds like this.
    pub(crate) fn speaks(&self, hz: f64) {
        self.standin.change(|s| s.speak.hz = hz);
    }

    /// The caller says something and it is heard as these words.
    pub(crate) async fn says(&self, caller: &Caller, words: &str) {
        self.hears(words);
        caller.cue("talk").await;
    }

    /// A caller whom billing puts through to its team, and who has heard so.
    pub(crate) async fn put_through(&mut self) -> Caller {
        let caller = self.ring_in(FRONT_DESK).await;
        self.running.agent_said("triage", "help").await;
        self.says(&caller, "there is a mistake on my bill").await;
        self.running.agent_said("billing", "mistake").await;
        self.says(&caller, "i want a refund").await;
        self.running
            .agent_said("billing", "putting you through")
            .await;
        caller
    }

    /// The gateway's address.
    pub(crate) fn gateway(&self) -> Ipv4Addr {
        self.lab.gateway()
    }

    /// The end of the test: the sound of it.
    pub(crate) async fn strike(self) -> Streams {
        let streams = self.capture.stop().await;
        self.running.stop().await;
        streams.of(self.lab)
    }
}

/// The caller.
pub(crate) struct Caller {
    pub(crate) sipp: Sipp,
    pub(crate) call: CallId,
    id: String,
}

impl Caller {
    /// Does what a cue says, once it is so far in its scenario that it takes any.
    pub(crate) async fn cue(&self, what: &str) {
        self.sipp.hears_cues().await;
        raw::cue(self.sipp.ip, &self.id, what).await;
    }

    /// Plays its tone to a line that echoes, and listens once that has settled.
    pub(crate) async fn hears_its_echo(&self) -> (i64, i64) {
        self.cue("tone").await;
        let _ = listen(600).await;
        listen(1500).await
    }

    /// The Call-ID of its call.
    pub(crate) fn id(&self) -> &str {
        &self.id
    }

    /// The caller's address.
    pub(crate) fn ip(&self) -> Ipv4Addr {
        self.sipp.ip
    }

    /// Hangs up; its scenario must be at its end then.
    pub(crate) async fn hangs_up(&mut self) {
        self.cue("bye").await;
        self.sipp.finished().await;
    }
}
