//! The control mapper: what a user wished, said in each provider's own parameters.
//!
//! Pure and quick. It knows the user's controls and the kinds of domain that a provider can
//! declare, and no provider. A parameter is set only if a wish reaches it; what is left out stays
//! at the provider's default. Every control that any layer set gets exactly one decision, in the
//! order of [`vocabulary::CONTROLS`].

mod emotion;
mod fit;
mod layers;
mod persona;
mod resolve;
mod vocabulary;
mod words;

use tth_sdk::mapper::{Character, Decision, Emotion, Mapper, Persona};
use tth_sdk::{Control, Error, ProviderInfo};

/// The mapper that ships with tth.
pub struct ControlMapper;

impl Mapper for ControlMapper {
    fn resolve(
        persona: Persona,
        layers: Vec<(Emotion, Character)>,
        target: ProviderInfo,
    ) -> Result<(Control, Vec<Decision>), Error> {
        let wishes = layers::merge(&layers)?;
        Ok(resolve::resolve(&persona, &wishes, &target))
    }
}

// A native linker does not take the names of component exports.
#[cfg(target_family = "wasm")]
tth_sdk::export_mapper!(ControlMapper);
