//! Menus by key, and announcements.
//!
//! ```text
//!   prompt --over--> waiting --time-out, wrong key--> prompt again, `retries` times --> otherwise
//!      |  key           | key                                                            ^
//!      +----------------+--> the key's destination (typed ahead counts) --nobody takes it-+
//!      |                |         ^
//!      +----------------+--> an extension has begun --complete, or no digit for `digit_timeout`
//! ```
//! What keys mean is in [`tandem_dialplan::Menu`].

use super::{Call, Ctx, Purpose, Stage};
use tandem_agent::understand;
use tandem_dialplan::{Destination, Keyed, Menu};
use tandem_types::{LegId, Party, Reason, Termination, journal::What, media::Lane};

impl Call {
    pub(crate) fn say_menu(&mut self, cx: &mut Ctx<'_>) {
        self.settle_words(cx);
        let Stage::Menu(m) = &mut self.stage else {
            return;
        };
        m.until = None;
        m.typed.clear();
        let Some(menu) = self.menu(cx) else {
            return self.end(cx, Termination::new(Party::Gateway, Reason::NoRoute));
        };
        let sound = self.speech(cx.plan, menu.prompt.clone());
        self.play(cx, self.caller, sound, Lane::Voice, Purpose::Prompt);
    }

    pub(crate) fn enter_announcement(&mut self, cx: &mut Ctx<'_>, name: &str) {
        let Some(a) = self
            .dialplan(cx.plan)
            .and_then(|d| d.announcements.get(name))
        else {
            return self.end(cx, Termination::new(Party::Gateway, Reason::NoRoute));
        };
        self.quiet_background(cx);
        self.stage = Stage::Announcing {
            then: a.then.clone(),
        };
        self.connect_all(cx);
        let sound = self.speech(cx.plan, a.text.clone());
        self.play(cx, self.caller, sound, Lane::Voice, Purpose::Prompt);
    }

    /// A text is over, or (`well`) could not be said.
    pub(crate) fn prompt_over(&mut self, cx: &mut Ctx<'_>, well: bool) {
        match &mut self.stage {
            Stage::Voicemail(_) => self.message_input(cx, crate::message::Input::Over),
            Stage::Messages(_) => self.inbox_input(cx, crate::inbox::Input::Over(well)),
            Stage::CallingBack(_) => self.offer_told(cx),
            Stage::Announcing { then } => {
                let then = then.clone();
                self.enter(cx, then);
            }
            Stage::Menu(m) if m.typed.is_empty() && !self.words.are_busy() => {
                let wait = self.menu(cx).map(|menu| menu.timeout);
                if let (Stage::Menu(m), Some(wait)) = (&mut self.stage, wait) {
                    m.until = Some(cx.now.mono + wait);
                }
            }
            Stage::Asking(_) => self.question_over(cx),
            _ => {}
        }
    }

    /// No key came in time: what was keyed so far is meant, or the prompt comes again.
    pub(crate) fn menu_due(&mut self, cx: &mut Ctx<'_>) {
        let Stage::Menu(m) = &mut self.stage else {
            return;
        };
        let typed = std::mem::take(&mut m.typed);
        let meant = self.menu(cx).and_then(|m| cx.plan.settled(m, &typed));
        match meant {
            Some(to) => self.leave_menu(cx, to),
            None => self.menu_silent(cx),
        }
    }

    pub(super) fn menu_silent(&mut self, cx: &mut Ctx<'_>) {
        let Stage::Menu(m) = &mut self.stage else {
            return;
        };
        m.tries += 1;
        let tries = m.tries;
        match self.menu(cx) {
            Some(menu) if tries > menu.retries => {
                let otherwise = menu.otherwise.clone();
                self.enter(cx, otherwise);
            }
            _ => self.say_menu(cx),
        }
    }

    pub(crate) fn key_in_menu(&mut self, cx: &mut Ctx<'_>, leg: LegId, digit: char) {
        self.drop_segment(cx);
        let Stage::Menu(m) = &mut self.stage else {
            return;
        };
        m.typed.push(digit);
        let typed = m.typed.clone();
        let Some(menu) = self.menu(cx) else { return };
        let next = cx.now.mono + menu.digit_timeout;
        let means = cx.plan.keyed(menu, &typed);
        let did = match &means {
            Keyed::Leads(to) => to.to_string(),
            Keyed::More => "may begin an extension".to_owned(),
            Keyed::Nothing => "leads nowhere in the menu".to_owned(),
        };
        self.journal(cx, What::KeyPressed { leg, digit, did });
        self.stop(cx, |p| matches!(p, Purpose::Prompt));
        match means {
            Keyed::Leads(to) => self.leave_menu(cx, to),
            Keyed::More => {
                if let Stage::Menu(m) = &mut self.stage {
                    m.until = Some(next);
                }
            }
            Keyed::Nothing => self.menu_silent(cx),
        }
    }

    /// What was said instead of a key; false: it means nothing here.
    pub(super) fn choice_said(&mut self, cx: &mut Ctx<'_>, said: &str) -> bool {
        let Some(menu) = self.menu(cx) else {
            return false;
        };
        let choices = menu.words.iter().map(|(key, said)| (*key, said.as_slice()));
        let chosen = understand::choice(choices, said);
        let Some((key, to)) = chosen.and_then(|key| Some((key, menu.keys.get(&key)?.clone())))
        else {
            return false;
        };
        let Stage::Menu(m) = &self.stage else {
            return false;
        };
        let given = What::AnswerGiven {
            question: format!("menu:{}", m.name),
            answer: format!("{key}: {to}"),
        };
        self.journal(cx, given);
        self.stop(cx, |p| matches!(p, Purpose::Prompt));
        self.leave_menu(cx, to);
        true
    }

    /// The caller has chosen. When nobody takes them there, they go where silence leads, and not nowhere.
    fn leave_menu(&mut self, cx: &mut Ctx<'_>, to: Destination) {
        let otherwise = self.menu(cx).map(|menu| menu.otherwise.clone());
        let otherwise = otherwise.into_iter().filter(|o| *o != to).collect();
        self.hops = 0;
        self.enter_with(cx, to, otherwise);
    }

    fn menu<'p>(&self, cx: &Ctx<'p>) -> Option<&'p Menu> {
        let Stage::Menu(m) = &self.stage else {
            return None;
        };
        self.dialplan(cx.plan)?.menus.get(&m.name)
    }
}
