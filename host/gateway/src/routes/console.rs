//! The console: a page and its files, out of the binary.

use crate::error::ApiError;
use axum::extract::Path;
use axum::response::{IntoResponse, Response};
use http::StatusCode;
use http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, REFERRER_POLICY, X_CONTENT_TYPE_OPTIONS,
};

macro_rules! files {
    ($($name:literal),* $(,)?) => {
        /// Every file of the page but the page itself.
        const FILES: &[(&str, &[u8])] = &[$(($name, include_bytes!(concat!("../../console/", $name)))),*];
    };
}

files![
    "app.js",
    "audio.js",
    "captions.js",
    "cbor.js",
    "clapper.js",
    "clock.js",
    "controls.js",
    "debug.js",
    "demo.js",
    "dom.js",
    "icon.svg",
    "icons.js",
    "overlays.js",
    "pad.js",
    "panels.css",
    "personas.js",
    "player.js",
    "report.js",
    "sliders.js",
    "stills.js",
    "stream.js",
    "style.css",
    "tip.js",
    "video.js",
    "view.js",
    "vocabulary.js",
    "worklet.js",
];

const PAGE: &[u8] = include_bytes!("../../console/index.html");

/// Scripts, styles and connections only from and to here; pictures also out of memory (frames).
const POLICY: &str = "default-src 'self'; img-src 'self' blob: data:; media-src 'self' blob:; \
    worker-src 'self' blob:; connect-src 'self' ws: wss:; object-src 'none'; base-uri 'none'; \
    form-action 'none'; frame-ancestors 'none'";

/// `GET /`.
pub(crate) async fn page() -> Response {
    answer("text/html; charset=utf-8", PAGE)
}

/// `GET /console/{file}`.
pub(crate) async fn file(Path(name): Path<String>) -> Result<Response, ApiError> {
    match FILES.iter().find(|(file, _)| *file == name) {
        Some((name, bytes)) => Ok(answer(content_type(name), bytes)),
        None => Err(ApiError::new(
            StatusCode::NOT_FOUND,
            "not_found",
            "the console has no such file",
        )),
    }
}

fn content_type(name: &str) -> &'static str {
    match name.rsplit_once('.').map(|(_, ending)| ending) {
        Some("js") => "text/javascript; charset=utf-8",
        Some("css") => "text/css; charset=utf-8",
        Some("html") => "text/html; charset=utf-8",
        Some("svg") => "image/svg+xml",
        Some("png") => "image/png",
        Some("woff2") => "font/woff2",
        Some("json" | "webmanifest") => "application/json",
        _ => "application/octet-stream",
    }
}

fn answer(content_type: &'static str, bytes: &'static [u8]) -> Response {
    let headers = [
        (CONTENT_TYPE, content_type),
        // A new version of the server is a new version of the page, at once.
        (CACHE_CONTROL, "no-cache"),
        (CONTENT_SECURITY_POLICY, POLICY),
        (X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (REFERRER_POLICY, "no-referrer"),
    ];
    (headers, bytes).into_response()
}

#[cfg(test)]
mod tests {
    use super::{FILES, content_type};
    use std::collections::BTreeSet;

    #[test]
    fn every_file_of_the_console_is_served() {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/console");
        let there: BTreeSet<String> = std::fs::read_dir(folder)
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .filter(|name| name != "index.html" && !name.starts_with('.'))
            .collect();
        let served: BTreeSet<String> = FILES.iter().map(|(name, _)| name.to_string()).collect();
        assert_eq!(served, there);
        assert!(
            FILES
                .iter()
                .all(|(name, _)| content_type(name) != "application/octet-stream")
        );
    }
}
