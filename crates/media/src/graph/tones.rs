//! Keys in the sound of a leg, for those who take them from it.

use super::{Context, Graph};
use crate::leg::Role;
use tandem_types::{LegId, media::MediaFlow};

impl Graph {
    /// Tells the keys that are in the sound of this tick, and presses them for those who have telephone-events: the others hear them.
    /// Says whether somebody is pressed a key.
    pub(super) fn take_tones(&mut self, context: &mut Context<'_>) -> bool {
        let mut pressed = false;
        for i in 0..self.legs.len() {
            let Some((id, leg)) = self.legs.iter_mut().nth(i) else {
                break;
            };
            let id = *id;
            let key = leg.tones(context.now.mono);
            pressed |= key.is_some_and(|key| self.tone(context, id, key));
        }
        pressed
    }

    /// A key in the sound of a leg. Says whether somebody is pressed it.
    pub(super) fn tone(&mut self, context: &mut Context<'_>, id: LegId, key: char) -> bool {
        let Some(leg) = self.legs.get_mut(&id) else {
            return false;
        };
        leg.key(context, key);
        let (kept, mut pressed) = (leg.keys_kept, false);
        for (listener, heard) in &self.hears {
            let Some(l) = self
                .legs
                .get_mut(listener)
                .filter(|_| heard.contains(&id) && !kept)
            else {
                continue;
            };
            let events = |f: &MediaFlow| f.event_payload_type.is_some();
            if l.role != Role::Closed && l.flow.as_ref().is_some_and(events) {
                let mut text = [0; 4];
                l.press(key.encode_utf8(&mut text));
                pressed = true;
            }
        }
        pressed
    }
}
