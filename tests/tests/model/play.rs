//! Events become what people, networks and providers do.

use super::{
    cast::{self, CAST, Part},
    event::{Answer, Deed, Event, Manner, Quality, Refer, Whose},
};
use std::{collections::BTreeMap, net::IpAddr, time::Duration};
use tandem_call::Admin;
use tandem_phone::{Act, Incoming, ReferPolicy, State};
use tandem_sim::{CARRIER, GATEWAY, Packet, PhoneId, Reply, World};
use tandem_sip::message::{HeaderName, Headers, Uri};
use tandem_types::{CallId, journal::What};

/// What a bad link lost is sent again within this (Timers F and H, 32 s), or never.
const AFTER_BAD: Duration = Duration::from_secs(33);

/// A world in which events are played.
pub(crate) struct Stage {
    pub(crate) w: World,
    pub(crate) phones: Vec<PhoneId>,
    /// Phones that were dead, or whose link was cut or bad: what they believe of calls may be wrong.
    pub(crate) misled: Vec<bool>,
    pub(crate) drained: bool,
    muted: Vec<bool>,
    speaks_until: Vec<Duration>,
    hold_key_at: Vec<Duration>,
    /// Links that lose every fifth packet, since when. An ACK may be lost four times in a row, and nothing is said before it; nor
    /// does a phone hear anything in a call that is over until our BYE has reached it.
    bad: BTreeMap<IpAddr, Duration>,
}

impl Stage {
    pub(crate) fn open(setting: u64, seed: u64) -> Self {
        let (mut w, phones) = cast::world(setting, seed);
        // The media worker is another thread: in one run of two its events come later.
        w.media_after = Duration::from_millis([0, 0, 2, 40][seed as usize / 4 % 4]);
        Self {
            w,
            misled: vec![false; phones.len()],
            phones,
            drained: false,
            muted: vec![false; CAST.len()],
            speaks_until: vec![Duration::ZERO; CAST.len()],
            hold_key_at: vec![Duration::ZERO; CAST.len()],
            bad: BTreeMap::new(),
        }
    }

    pub(crate) fn play(&mut self, event: &Event) {
        self.w.run(event.after);
        self.deed(&event.deed);
    }

    fn does(&mut self, who: Whose, act: Act) {
        self.w.does(self.phones[who], act);
    }

    fn deed(&mut self, deed: &Deed) {
        match deed {
            Deed::Nothing => {}
            Deed::Calls(who, number) => self.w.calls(self.phones[*who], number),
            Deed::HangsUp(who) => self.does(*who, Act::Hangup),
            Deed::Answers(who) => self.does(*who, Act::Answer),
            Deed::Rings(who) => self.does(*who, Act::Ring),
            Deed::EarlyMedia(who) => self.does(*who, Act::EarlyMedia),
            Deed::Rejects(who, status) => self.does(*who, rejects(*status, None)),
            Deed::Becomes(who, manner) => self.does(*who, Act::Incoming(incoming(*manner))),
            Deed::Presses(who, keys) => {
                for key in keys.chars() {
                    self.does(*who, Act::Press(key));
                }
            }
            Deed::Says(who, words) => self.says(*who, words),
            // Nobody holds or mutes in mid-word: the phone would say the rest of it later.
            Deed::Holds(who, _) | Deed::Mute(who, true) if self.speaks(*who) => {}
            Deed::Holds(who, direction) => self.hold_key(*who, Act::Hold(*direction)),
            Deed::Resumes(who) => self.hold_key(*who, Act::Resume),
            Deed::Refers(who, to) => {
                let to = Uri::sip(*to, &std::net::SocketAddr::new(GATEWAY, 5060).to_string());
                self.does(*who, Act::Refer { to });
            }
            Deed::Consults(who, to) => {
                let target = Uri::sip(*to, &std::net::SocketAddr::new(GATEWAY, 5060).to_string());
                self.does(*who, Act::Consult { target });
            }
            Deed::Completes(who) => self.does(*who, Act::Complete),
            Deed::TakesOver(who) => self.takes_over(*who),
            Deed::Follows(who, refer) => self.does(*who, Act::AcceptRefer(policy(refer))),
            Deed::Mute(who, mute) => {
                self.muted[*who] = *mute;
                self.does(*who, Act::SendNoRtp(*mute));
            }
            Deed::Dead(who, dead) => {
                self.misled[*who] = true;
                self.does(*who, Act::IgnoreEverything(*dead));
            }
            Deed::Registers(who) => self.does(*who, Act::Register),
            Deed::Unregisters(who) => self.does(*who, Act::Unregister),
            Deed::Link(who, quality) => self.link(*who, *quality),
            _ => self.beyond_people(deed),
        }
    }

    fn beyond_people(&mut self, deed: &Deed) {
        let script = &mut self.w.script;
        match deed {
            Deed::Stt(fault) => script.stt_down = *fault,
            Deed::Llm(fault) => script.llm_down = *fault,
            Deed::Reply(answer) => script.replies.push_back(reply(*answer)),
            Deed::Tts(down) => script.tts_down = *down,
            Deed::Slow(after) => (script.stt_after, script.tts_after) = (*after, *after / 4),
            Deed::Ports(pairs) => self.w.ports_left(*pairs),
            Deed::Again { back, byte } => self.again(*back, *byte),
            Deed::LateAnswer(ms) => {
                let by = Duration::from_millis(u64::from(*ms));
                self.w.net.hold_back(1, by, |p| {
                    p.sip()
                        .is_some_and(|s| s.cseq_method() == "REFER" && s.method().is_none())
                });
            }
            Deed::Restart => self.w.restart_now(),
            Deed::Drain => {
                self.drained = true;
                self.w.admin(Admin::Drain);
            }
            Deed::EndAll => self.w.admin(Admin::HangupAll),
            Deed::EndOne(nth) => {
                let running = running(&self.w);
                if let Some(call) = running.get(nth % running.len().max(1)) {
                    self.w.admin(Admin::Hangup(*call));
                }
            }
            Deed::CancelOne(nth) => {
                let owed = self.w.owed();
                if let Some((callback, _)) = owed.get(nth % owed.len().max(1)) {
                    self.w.admin(Admin::CancelCallback(*callback));
                }
            }
            _ => unreachable!("{deed:?} is done by people"),
        }
    }

    fn takes_over(&mut self, who: Whose) {
        let same = |other: &Whose| *other != who && CAST[*other].1 == CAST[who].1;
        let mut others = (0..CAST.len()).filter(same);
        let dialog = others.find_map(|other| self.w.phone(self.phones[other]).dialog());
        if let Some(dialog) = dialog {
            let headers = Headers::new().with(HeaderName::Replaces, dialog);
            self.w.calls_with(self.phones[who], CAST[who].1, headers);
        }
    }

    /// Nobody presses it twice in a second: a re-INVITE that meets the one before it is sent again seconds later (RFC 3261 section 14.1),
    /// and until then only the phone knows whether it holds.
    fn hold_key(&mut self, who: Whose, act: Act) {
        let now = self.w.elapsed();
        if now >= self.hold_key_at[who] {
            self.hold_key_at[who] = now + Duration::from_secs(1);
            self.does(who, act);
        }
    }

    pub(crate) fn is_muted(&self, who: Whose) -> bool {
        self.muted[who]
    }

    fn speaks(&self, who: Whose) -> bool {
        self.w.elapsed() < self.speaks_until[who]
    }

    /// Nobody says two things at once, or anything into a phone that is muted, on hold or in no call: it would say that later.
    fn says(&mut self, who: Whose, words: &str) {
        let now = self.w.elapsed();
        let phone = self.w.phone(self.phones[who]);
        let talks = phone.state() == State::Up && !phone.on_hold();
        if self.muted[who] || self.speaks(who) || !talks {
            return;
        }
        self.speaks_until[who] = now + tandem_sim::sound::uttered(words);
        self.w.begins_to_say(self.phones[who], words);
    }

    fn again(&mut self, back: usize, byte: Option<(usize, u8)>) {
        let Some(packet) = self.w.recent().get(back) else {
            return;
        };
        let mut packet: Packet = packet.clone();
        if let Some((at, value)) = byte {
            let at = at % packet.bytes.len().max(1);
            if let Some(b) = packet.bytes.get_mut(at) {
                *b = value;
            }
        }
        self.w.injects(packet);
    }

    fn link(&mut self, who: Whose, quality: Quality) {
        let at = self.address(who);
        let all = |s: &mut Self| {
            for (i, (_, _, part)) in CAST.iter().enumerate() {
                if i == who || (at == CARRIER && *part != Part::Desk) {
                    s.misled[i] = true;
                }
            }
        };
        let mut cut = None;
        self.no_longer_bad(at);
        match quality {
            Quality::Good | Quality::Far | Quality::Poor => {}
            Quality::Bad => {
                all(self);
                self.bad.insert(at, self.w.elapsed());
            }
            Quality::Cut(ms) => {
                all(self);
                cut = Some(Duration::from_millis(u64::from(ms)));
            }
        }
        let ms = Duration::from_millis;
        self.w.net.between(at, GATEWAY, |l| {
            *l = Default::default();
            match quality {
                Quality::Good | Quality::Cut(_) => {}
                Quality::Poor => (l.loss, l.duplicated, l.reordered) = (0.03, 0.03, 0.03),
                Quality::Bad => (l.loss, l.duplicated, l.reordered) = (0.2, 0.1, 0.1),
                Quality::Far => (l.delay, l.jitter) = (ms(40), ms(80)),
            }
        });
        if let Some(time) = cut {
            self.w.cuts(at, time);
        }
    }

    fn address(&self, who: Whose) -> IpAddr {
        self.w.phone(self.phones[who]).config().local_sip.ip()
    }

    /// Nothing is out of order any more, and whoever called hangs up.
    pub(crate) fn mend(&mut self) {
        self.w.script.stt_down = None;
        self.w.script.llm_down = None;
        self.deed(&Deed::Tts(false));
        self.deed(&Deed::Slow(Duration::from_millis(100)));
        for who in 0..CAST.len() {
            self.link_is_good(who);
            if self.misled[who] {
                self.does(who, Act::IgnoreEverything(false));
            }
        }
        for (who, (_, _, part)) in CAST.iter().enumerate() {
            // Nobody is reached any more who is called back after this.
            if *part == Part::Caller {
                self.deed(&Deed::Becomes(who, Manner::Busy));
                self.deed(&Deed::Rejects(who, 486));
            }
            if self.misled[who] || *part == Part::Caller || self.has_called(who) {
                self.does(who, Act::Hangup);
            }
            if *part == Part::Desk {
                self.does(who, Act::Unregister);
            }
        }
    }

    fn no_longer_bad(&mut self, at: IpAddr) {
        if let Some(since) = self.bad.remove(&at) {
            let until = self.w.elapsed() + AFTER_BAD;
            self.w.excuses(at, since, until);
        }
    }

    fn link_is_good(&mut self, who: Whose) {
        let at = self.address(who);
        self.no_longer_bad(at);
        self.w.net.between(at, GATEWAY, |l| *l = Default::default());
    }

    fn has_called(&self, who: Whose) -> bool {
        self.w.phone(self.phones[who]).has_called()
    }
}

/// Calls that began and have not ended.
pub(crate) fn running(w: &World) -> Vec<CallId> {
    let mut out = Vec::new();
    for event in w.journal() {
        match event.what {
            What::CallStarted { .. } => out.push(event.call),
            What::CallEnded { .. } => out.retain(|c| *c != event.call),
            _ => {}
        }
    }
    out
}

fn incoming(manner: Manner) -> Incoming {
    let ms = |n: u32| Duration::from_millis(u64::from(n));
    match manner {
        Manner::Waits => Incoming::Wait,
        Manner::Rings => Incoming::Ring,
        Manner::Answers(after) => Incoming::Answer { after: ms(after) },
        Manner::RingsThenRejects(after, status) => Incoming::RingThenReject {
            after: ms(after),
            status,
        },
        Manner::Busy => Incoming::Busy,
        Manner::Rejects(status) => Incoming::Reject {
            status,
            headers: Headers::new(),
        },
        Manner::RejectsBecause(status, cause) => Incoming::Reject {
            status,
            headers: because(cause),
        },
        Manner::Ignores => Incoming::Ignore,
    }
}

fn because(cause: u8) -> Headers {
    Headers::new().with(HeaderName::Reason, format!("Q.850;cause={cause}"))
}

fn rejects(status: u16, cause: Option<u8>) -> Act {
    let headers = cause.map_or_else(Headers::new, because);
    Act::Reject { status, headers }
}

fn policy(refer: &Refer) -> ReferPolicy {
    let ms = |n: u32| Duration::from_millis(u64::from(n));
    match refer {
        Refer::Follows => ReferPolicy::Follow,
        Refer::Refuses(status) => ReferPolicy::Refuse { status: *status },
        Refer::Notifies(steps) => {
            ReferPolicy::Notify(steps.iter().map(|(after, s)| (ms(*after), *s)).collect())
        }
        Refer::AcceptsOnly => ReferPolicy::AcceptOnly,
        Refer::AcceptsThenBye(after) => ReferPolicy::AcceptThenBye { after: ms(*after) },
        Refer::Ignores => ReferPolicy::Ignore,
    }
}

fn reply(answer: Answer) -> Reply {
    match answer {
        Answer::Says(words) => Reply::says(words),
        Answer::Transfers(target) => Reply::calls(
            "",
            "transfer_to",
            &format!(r#"{{"target":"{target}","reason":"they asked for it"}}"#),
        ),
        Answer::Nonsense(tool, arguments) => Reply::calls("Let me see.", tool, arguments),
        Answer::Promises => Reply::says("I am transferring you to billing now."),
        Answer::Fails(after, fault) => Reply::fails(Duration::from_millis(u64::from(after)), fault),
        Answer::Hangs => Reply::hangs(),
    }
}
