//! Keys, tokens, and who is served without.

use crate::double::Server;
use tth_gateway::GatewayConfig;

async fn locked() -> Server {
    let api_keys = vec!["first-key".into(), "second-key".into()];
    Server::with(GatewayConfig {
        api_keys,
        ..GatewayConfig::default()
    })
    .await
}

#[tokio::test]
async fn a_key_opens_the_api() {
    let server = locked().await;
    for header in [
        "authorization: Bearer first-key",
        "authorization: bearer second-key",
        "x-api-key: second-key",
    ] {
        assert_eq!(
            server
                .request("POST", "/v1/sessions", &[header], b"")
                .await
                .status,
            201,
            "{header}"
        );
    }
    for header in [
        "x-none: 1",
        "authorization: Bearer first-ke",
        "authorization: Basic first-key",
        "x-api-key: ",
        "x-api-key: token-of-s-1",
    ] {
        for (method, path) in [
            ("POST", "/v1/sessions"),
            ("GET", "/v1/sessions/s-1"),
            ("DELETE", "/v1/sessions/s-1"),
            ("POST", "/v1/generate"),
            ("GET", "/v1/models"),
            ("GET", "/v1/personas"),
            ("GET", "/metrics"),
        ] {
            let answer = server.request(method, path, &[header], b"").await;
            assert_eq!(
                (answer.status, answer.error().0.as_str()),
                (401, "unauthorized"),
                "{method} {path} {header}"
            );
        }
    }
    for path in ["/", "/v1/health", "/openapi.json", "/console/app.js"] {
        assert_eq!(server.get(path).await.status, 200, "{path}");
    }
}

#[tokio::test]
async fn a_token_opens_one_session() {
    let server = locked().await;
    let key = "x-api-key: first-key";
    for _ in 0..2 {
        server.request("POST", "/v1/sessions", &[key], b"").await;
    }
    let event = br#"{"type":"ping"}"#;
    let post = async |path: &str, headers: &[&str]| {
        server.request("POST", path, headers, event).await.status
    };
    assert_eq!(
        post("/v1/sessions/s-1/input?token=token-of-s-1", &[]).await,
        202
    );
    assert_eq!(
        post(
            "/v1/sessions/s-1/input",
            &["authorization: Bearer token-of-s-1"]
        )
        .await,
        202
    );
    assert_eq!(post("/v1/sessions/s-1/input", &[key]).await, 202);
    assert_eq!(post("/v1/sessions/s-1/input", &[]).await, 401);
    assert_eq!(
        post("/v1/sessions/s-1/input?token=token-of-s-2", &[]).await,
        401
    );
    assert_eq!(post("/v1/sessions/s-1/input?token=", &[]).await, 401);
    assert_eq!(
        post("/v1/sessions/s-9/input?token=token-of-s-1", &[]).await,
        404
    );
}

#[tokio::test]
async fn without_keys_only_this_machine_and_its_pages_are_served() {
    let server = Server::start().await;
    let port = server.address.port();
    let open = async |headers: &[&str]| server.request("POST", "/v1/sessions", headers, b"").await;
    let origin = format!("origin: http://127.0.0.1:{port}");
    assert_eq!(open(&[&origin]).await.status, 201);
    let (host, origin) = (
        format!("host: localhost:{port}"),
        format!("origin: http://localhost:{port}"),
    );
    assert_eq!(open(&[&host, &origin]).await.status, 201);
    for headers in [
        &["origin: https://evil.example"][..],
        &["origin: null"],
        &["origin: http://127.0.0.1:1"],
        &["host: evil.example"],
        &["host: evil.example", "origin: http://evil.example"],
        &["host: 10.0.0.1"],
    ] {
        let answer = open(headers).await;
        assert_eq!(
            (answer.status, answer.error().0.as_str()),
            (403, "forbidden"),
            "{headers:?}"
        );
    }
    // A token is not needed here, but a wrong one is wrong.
    let (id, _) = server.session().await;
    let post = async |query: &str| {
        server
            .post(
                &format!("/v1/sessions/{id}/input{query}"),
                r#"{"type":"ping"}"#,
            )
            .await
            .status
    };
    assert_eq!((post("").await, post("?token=wrong").await), (202, 401));
}
