//! Plumbing for the `export_*!` macros; not for direct use.

pub use crate::bindings::{avatar, llm, mapper, tts};
pub use wit_bindgen;

use crate::{Error, ErrorCode, error};
use std::cell::RefCell;
use std::marker::PhantomData;
use std::rc::Rc;
use std::thread::LocalKey;

/// Where the one loaded instance of a provider lives; implemented by the export macros.
pub trait Slot: Sized + 'static {
    /// The slot itself.
    fn slot() -> &'static LocalKey<RefCell<Option<Rc<Self>>>>;

    /// The loaded provider, or an error that says `load` must come first.
    fn loaded() -> Result<Rc<Self>, Error> {
        Self::slot()
            .with(|slot| slot.borrow().clone())
            .ok_or_else(|| error(ErrorCode::Internal, "the provider was called before `load`"))
    }

    /// Keep a freshly loaded provider.
    fn keep(self) {
        Self::slot().with(|slot| *slot.borrow_mut() = Some(Rc::new(self)));
    }
}

/// Carries the WIT export of one provider type.
pub struct Component<T>(PhantomData<T>);

/// Gives a provider type its [`Slot`].
#[doc(hidden)]
#[macro_export]
macro_rules! __slot {
    ($type:ty) => {
        impl $crate::export::Slot for $type {
            fn slot() -> &'static ::std::thread::LocalKey<
                ::std::cell::RefCell<::std::option::Option<::std::rc::Rc<Self>>>,
            > {
                ::std::thread_local! {
                    static SLOT: ::std::cell::RefCell<::std::option::Option<::std::rc::Rc<$type>>> =
                        const { ::std::cell::RefCell::new(::std::option::Option::None) };
                }
                &SLOT
            }
        }
    };
}
