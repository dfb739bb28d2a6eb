//! The generated WIT bindings: the shared types and what the host offers once, then one world per
//! role over them.
#![allow(missing_docs, unreachable_pub, unsafe_code)]
#![allow(clippy::all, clippy::pedantic, clippy::panic)]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing)]

pub mod types {
    wit_bindgen::generate!({
        inline: "
            package tth:sdk;
            world types {
                import tth:types/errors@0.1.0;
                import tth:types/media@0.1.0;
                import tth:types/controls@0.1.0;
                import tth:types/provider@0.1.0;
            }
        ",
        path: ["../../wit/types"],
        world: "tth:sdk/types",
        generate_all,
        generate_unused_types: true,
    });
}

pub mod host {
    wit_bindgen::generate!({
        inline: "
            package tth:sdk;
            world host {
                import tth:host/websocket@0.1.0;
            }
        ",
        path: ["../../wit/host"],
        world: "tth:sdk/host",
        generate_all,
    });
}

macro_rules! role {
    ($name:ident, $world:literal, $inline:literal, $module:literal, $path:literal $(, $host:literal)?) => {
        pub mod $name {
            wit_bindgen::generate!({
                inline: $inline,
                path: ["../../wit/types", "../../wit/host", $path],
                world: $world,
                pub_export_macro: true,
                default_bindings_module: $module,
                export_macro_name: "export",
                with: {
                    "tth:types/errors@0.1.0": crate::bindings::types::tth::types::errors,
                    "tth:types/media@0.1.0": crate::bindings::types::tth::types::media,
                    "tth:types/controls@0.1.0": crate::bindings::types::tth::types::controls,
                    "tth:types/provider@0.1.0": crate::bindings::types::tth::types::provider,
                    $($host: crate::bindings::host::tth::host::websocket,)?
                },
                generate_all,
            });
        }
    };
}

// Each role gets a world of its own name: the export macros are named after it, crate-wide.
role!(
    llm,
    "tth:sdk/llm-provider",
    "package tth:sdk; world llm-provider { include tth:llm/provider@0.1.0; }",
    "tth_sdk::export::llm",
    "../../wit/llm",
    "tth:host/websocket@0.1.0"
);
role!(
    tts,
    "tth:sdk/tts-provider",
    "package tth:sdk; world tts-provider { include tth:tts/provider@0.1.0; }",
    "tth_sdk::export::tts",
    "../../wit/tts",
    "tth:host/websocket@0.1.0"
);
role!(
    avatar,
    "tth:sdk/avatar-provider",
    "package tth:sdk; world avatar-provider { include tth:avatar/provider@0.1.0; }",
    "tth_sdk::export::avatar",
    "../../wit/avatar",
    "tth:host/websocket@0.1.0"
);
role!(
    mapper,
    "tth:sdk/mapper",
    "package tth:sdk; world mapper { include tth:control/mapper@0.1.0; }",
    "tth_sdk::export::mapper",
    "../../wit/control"
);
