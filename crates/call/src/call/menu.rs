//! Menus by key, and announcements.
//!
//! ```text
//!   prompt --over--> waiting --time-out, wrong key--> prompt again, `retries` times --> otherwise
//!      |  key           | key
//!      +----------------+--> the key's destination (typed ahead counts)
//! ```

use super::{Call, Ctx, Purpose, Stage};
use tandem_dialplan::Destination;
use tandem_types::{Party, Reason, Termination, media::Lane};

impl Call {
    pub(crate) fn say_menu(&mut self, cx: &mut Ctx<'_>) {
        let Stage::Menu(m) = &mut self.stage else {
            return;
        };
        m.until = None;
        let name = m.name.clone();
        let Some(menu) = self.dialplan(cx.plan).and_then(|d| d.menus.get(&name)) else {
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

    /// A menu's or an announcement's text is over, or could not be said.
    pub(crate) fn prompt_over(&mut self, cx: &mut Ctx<'_>) {
        match &mut self.stage {
            Stage::Announcing { then } => {
                let then = then.clone();
                self.enter(cx, then);
            }
            Stage::Menu(m) => {
                let name = m.name.clone();
                let wait = self
                    .dialplan(cx.plan)
                    .and_then(|d| d.menus.get(&name))
                    .map(|menu| menu.timeout);
                if let (Stage::Menu(m), Some(wait)) = (&mut self.stage, wait) {
                    m.until = Some(cx.now.mono + wait);
                }
            }
            _ => {}
        }
    }

    pub(crate) fn menu_silent(&mut self, cx: &mut Ctx<'_>) {
        let Stage::Menu(m) = &mut self.stage else {
            return;
        };
        m.tries += 1;
        let (name, tries) = (m.name.clone(), m.tries);
        let menu = self.dialplan(cx.plan).and_then(|d| d.menus.get(&name));
        match menu {
            Some(menu) if tries > menu.retries => {
                let otherwise = menu.otherwise.clone();
                self.enter(cx, otherwise);
            }
            _ => self.say_menu(cx),
        }
    }

    /// A key in a menu: its destination, if it has one.
    pub(crate) fn menu_key(&mut self, cx: &mut Ctx<'_>, key: char) -> Option<Destination> {
        let Stage::Menu(m) = &self.stage else {
            return None;
        };
        self.dialplan(cx.plan)?
            .menus
            .get(&m.name)?
            .keys
            .get(&key)
            .cloned()
    }
}
