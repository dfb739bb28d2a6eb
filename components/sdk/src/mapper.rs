//! The role of the control mapper.

use crate::bindings::mapper::exports::tth::control::control_mapper as wit;
pub use crate::bindings::mapper::exports::tth::control::control_mapper::{
    Character, Decision, Emotion, Outcome, Persona,
};
use crate::export::Component;
use crate::{Control, Error, ProviderInfo};

/// Turns what the user asked for into one provider's parameters, and says what became of each wish.
pub trait Mapper: 'static {
    /// See `resolve` in the contract: layers come weakest first.
    ///
    /// # Errors
    /// `invalid-input` where a layer holds something that is no control.
    fn resolve(
        persona: Persona,
        layers: Vec<(Emotion, Character)>,
        target: ProviderInfo,
    ) -> Result<(Control, Vec<Decision>), Error>;
}

impl<T: Mapper> wit::Guest for Component<T> {
    fn resolve(
        persona: Persona,
        layers: Vec<(Emotion, Character)>,
        target: ProviderInfo,
    ) -> Result<(Control, Vec<Decision>), Error> {
        T::resolve(persona, layers, target)
    }
}

/// Export a type that implements [`Mapper`] as the component's mapper.
#[macro_export]
macro_rules! export_mapper {
    ($type:ty) => {
        // Only a component exports: a native build of the crate is for its tests.
        #[cfg(target_family = "wasm")]
        const _: () = {
            type Exported = $crate::export::Component<$type>;
    $crate::export::mapper::export!(Exported with_types_in $crate::export::mapper);
        };
    };
}
