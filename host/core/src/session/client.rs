//! What a client asks for.

use super::Session;
use crate::controls::{ControlUpdate, Persona};
use crate::events::{ClientEvent, TurnMode};
use crate::media::Micros;
use crate::text;

impl Session {
    pub(super) fn client(&mut self, now: Micros, event: ClientEvent) {
        if self.too_late(&event) {
            return;
        }
        match event {
            ClientEvent::UserText {
                text,
                mode,
                end_turn,
            } => self.user_text(now, &text, mode, end_turn),
            ClientEvent::EndTurn => self.user_text(now, "", TurnMode::Chat, true),
            ClientEvent::Interrupt => self.interrupt(now),
            ClientEvent::ControlUpdate(update) => self.control_update(&update),
            ClientEvent::Playback {
                position_us,
                client_us,
            } => self.played(now, position_us, client_us),
            ClientEvent::Ping => self.emit(crate::events::ServerEvent::Pong),
            ClientEvent::Rejected { code, message } => self.refuse(&code, message),
        }
    }

    fn user_text(&mut self, now: Micros, more: &str, mode: TurnMode, end_turn: bool) {
        if self.gathered.len() + more.len() > text::MAX_TEXT_CHARS * 4 {
            self.gathered.clear();
            let limit = text::MAX_TEXT_CHARS;
            return self.refuse(
                "text_too_long",
                format!("a turn takes at most {limit} characters; send the text in several turns"),
            );
        }
        if !self.gathered.is_empty() && !more.is_empty() {
            self.gathered.push(' ');
        }
        self.gathered.push_str(more);
        if !end_turn {
            return;
        }
        let said = std::mem::take(&mut self.gathered);
        match text::accept(&said) {
            Ok(said) => {
                self.interrupt(now);
                self.begin(now, said, mode);
            }
            Err(error @ text::TextError::Empty) => self.refuse("empty_text", error.to_string()),
            Err(error) => self.refuse("text_too_long", error.to_string()),
        }
    }

    fn control_update(&mut self, update: &ControlUpdate) {
        if let Err(error) = update.check() {
            return self.refuse(
                "invalid_control",
                format!("{error}; nothing of the update was applied"),
            );
        }
        let wanted = update
            .character
            .as_ref()
            .and_then(|character| character.persona_id.as_deref());
        if let Some(id) = wanted.filter(|id| *id != self.config.persona.id) {
            let known = self.config.personas.clone();
            let Some(persona) = known.iter().find(|persona| persona.id == id) else {
                let names: Vec<_> = known.iter().map(|persona| persona.id.as_str()).collect();
                return self.refuse(
                    "unknown_persona",
                    format!(
                        "there is no persona {id:?}; there are: {}",
                        names.join(", ")
                    ),
                );
            };
            self.change_persona(persona);
        }
        self.layers
            .update(update.emotion.as_ref(), update.character.as_ref());
        if let Some(wish) = &update.render
            && let Ok(render) = wish.settle(self.config.render)
            && render != self.config.render
        {
            self.config.render = render;
            self.close_face();
            self.open_face_when_resolved();
        }
        if update.emotion.is_some() || update.character.is_some() {
            self.resolve(true);
        }
    }

    pub(super) fn change_persona(&mut self, persona: &Persona) {
        self.config.persona = persona.clone();
        self.layers.persona(persona);
    }
}
