//! Bindings of contract version 0.1: the shared types and what the host offers once, then one world
//! for each role.
#![allow(missing_docs, unreachable_pub, dead_code, reason = "generated code")]
#![allow(
    clippy::all,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "generated code"
)]
#![allow(clippy::indexing_slicing, reason = "generated code")]

pub mod types {
    wasmtime::component::bindgen!({
        inline: "
            package tth:runtime;
            world types {
                import tth:types/errors@0.1.0;
                import tth:types/media@0.1.0;
                import tth:types/controls@0.1.0;
                import tth:types/provider@0.1.0;
            }
        ",
        path: ["../../wit/types"],
        world: "tth:runtime/types",
    });
}

pub mod host {
    wasmtime::component::bindgen!({
        inline: "
            package tth:runtime;
            world host {
                import tth:host/websocket@0.1.0;
            }
        ",
        path: ["../../wit/host"],
        world: "tth:runtime/host",
        imports: { default: async | store | trappable },
    });
}

/// `async | store` for calls that run beside their own streams; plain `async` takes the whole store,
/// which is quicker for a function that streams nothing.
macro_rules! role {
    ($name:ident, $world:literal, $inline:literal, $path:literal, $($flag:tt)+) => {
        pub mod $name {
            wasmtime::component::bindgen!({
                inline: $inline,
                path: ["../../wit/types", "../../wit/host", $path],
                world: $world,
                with: {
                    "tth:types/errors": crate::bindings::v0_1::types::tth::types::errors,
                    "tth:types/media": crate::bindings::v0_1::types::tth::types::media,
                    "tth:types/controls": crate::bindings::v0_1::types::tth::types::controls,
                    "tth:types/provider": crate::bindings::v0_1::types::tth::types::provider,
                },
                exports: { default: $($flag)+ },
            });
        }
    };
}

role!(
    llm,
    "tth:runtime/llm-guest",
    "package tth:runtime; world llm-guest { export tth:llm/llm@0.1.0; }",
    "../../wit/llm",
    async | store
);
role!(
    tts,
    "tth:runtime/tts-guest",
    "package tth:runtime; world tts-guest { export tth:tts/tts@0.1.0; }",
    "../../wit/tts",
    async | store
);
role!(
    avatar,
    "tth:runtime/avatar-guest",
    "package tth:runtime; world avatar-guest { export tth:avatar/avatar@0.1.0; }",
    "../../wit/avatar",
    async | store
);
role!(
    mapper,
    "tth:runtime/mapper-guest",
    "package tth:runtime; world mapper-guest { export tth:control/control-mapper@0.1.0; }",
    "../../wit/control",
    async
);
