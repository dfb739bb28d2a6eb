//! Every route, in one table: what is not in it is 404, in the one shape of errors.

use crate::app::App;
use crate::error::ApiError;
use crate::request;
use axum::Router;
use axum::middleware::from_fn_with_state;
use axum::routing::{MethodRouter, get, post};
use http::StatusCode;

mod console;
mod generate;
mod health;
mod metrics;
mod models;
mod openapi;
mod sessions;

/// Path, its methods, what serves it.
fn table() -> Vec<(&'static str, &'static [&'static str], MethodRouter<App>)> {
    vec![
        ("/v1/sessions", &["post"], post(sessions::create)),
        (
            "/v1/sessions/{id}",
            &["get", "delete"],
            get(sessions::describe).delete(sessions::close),
        ),
        (
            "/v1/sessions/{id}/stream",
            &["get"],
            get(crate::stream::websocket::connect),
        ),
        (
            "/v1/sessions/{id}/events",
            &["get"],
            get(crate::stream::sse::connect),
        ),
        (
            "/v1/sessions/{id}/input",
            &["post"],
            post(crate::stream::input::post),
        ),
        ("/v1/generate", &["post"], post(generate::generate)),
        ("/v1/models", &["get"], get(models::models)),
        ("/v1/personas", &["get"], get(models::personas)),
        ("/v1/health", &["get"], get(health::health)),
        ("/metrics", &["get"], get(metrics::metrics)),
        ("/openapi.json", &["get"], get(openapi::openapi)),
        ("/", &["get"], get(console::page)),
        ("/console/{file}", &["get"], get(console::file)),
    ]
}

/// The whole API.
pub(crate) fn router(app: App) -> Router {
    table()
        .into_iter()
        .fold(Router::new(), |router, (path, _, methods)| {
            router.route(path, methods)
        })
        .fallback(unknown_path)
        .method_not_allowed_fallback(wrong_method)
        .layer(from_fn_with_state(app.clone(), request::layer))
        .with_state(app)
}

async fn unknown_path() -> ApiError {
    ApiError::new(
        StatusCode::NOT_FOUND,
        "not_found",
        "there is nothing at this path; /openapi.json lists what there is",
    )
}

async fn wrong_method() -> ApiError {
    ApiError::new(
        StatusCode::METHOD_NOT_ALLOWED,
        "method_not_allowed",
        "this path has other methods; the `allow` header lists them",
    )
}

/// A JSON answer that no cache keeps.
pub(crate) fn json(
    status: StatusCode,
    body: impl Into<axum::body::Body>,
) -> axum::response::Response {
    use axum::response::IntoResponse;
    use http::header::{CACHE_CONTROL, CONTENT_TYPE};
    (
        status,
        [
            (CONTENT_TYPE, "application/json"),
            (CACHE_CONTROL, "no-store"),
        ],
        body.into(),
    )
        .into_response()
}

#[cfg(test)]
mod tests {
    use super::{openapi, table};
    use std::collections::BTreeSet;

    #[test]
    fn the_description_has_every_route_and_no_other() {
        let document: serde_json::Value = serde_json::from_str(openapi::DOCUMENT).unwrap();
        let described: BTreeSet<(String, String)> = document["paths"]
            .as_object()
            .unwrap()
            .iter()
            .flat_map(|(path, item)| {
                let methods = item
                    .as_object()
                    .unwrap()
                    .keys()
                    .filter(|key| *key != "parameters");
                methods
                    .map(|method| (path.clone(), method.clone()))
                    .collect::<Vec<_>>()
            })
            .collect();
        let served: BTreeSet<(String, String)> = table()
            .iter()
            .flat_map(|(path, methods, _)| {
                methods
                    .iter()
                    .map(|method| (path.to_string(), method.to_string()))
            })
            .collect();
        assert_eq!(described, served);
    }

    #[test]
    fn the_table_names_the_methods_that_are_served() {
        for (path, methods, router) in table() {
            let debug = format!("{router:?}").to_lowercase();
            for method in ["get", "post", "delete", "put", "patch"] {
                let served = !debug.contains(&format!(" {method}: none"));
                assert_eq!(
                    served,
                    methods.contains(&method),
                    "{method} {path}: {debug}"
                );
            }
        }
    }
}
