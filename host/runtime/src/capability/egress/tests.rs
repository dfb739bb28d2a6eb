//! What is granted, what is not, and where credentials go.

use super::*;

fn egress(hosts: &[&str]) -> Egress {
    Egress::new(
        &hosts.iter().map(|h| (*h).to_owned()).collect::<Vec<_>>(),
        false,
        Vec::new(),
    )
    .unwrap()
}

fn route(egress: &Egress, uri: &str) -> Option<Route> {
    egress.route(&uri.parse().unwrap())
}

#[test]
fn only_the_same_scheme_host_and_port_pass() {
    let e = egress(&["https://api.example.com", "http://127.0.0.1:9000"]);
    assert_eq!(route(&e, "https://api.example.com/v1"), Some(Route::Public));
    assert_eq!(
        route(&e, "https://API.example.com.:443/v1"),
        Some(Route::Public)
    );
    assert_eq!(route(&e, "http://127.0.0.1:9000/x"), Some(Route::Private));
    for no in [
        "http://api.example.com/",
        "https://api.example.com:444/",
        "https://example.com/",
        "https://api.example.com.evil.org/",
        "https://evil.org/https://api.example.com",
        "https://api.example.com@evil.org/",
        "http://127.0.0.1/",
        "http://127.0.0.2:9000/",
    ] {
        assert_eq!(route(&e, no), None, "{no}");
    }
}

#[test]
fn websockets_and_requests_are_granted_apart() {
    let e = egress(&["wss://a.example/v1", "https://b.example"]);
    let socket = |uri: &str| e.websocket_route(&uri.parse().unwrap());
    assert_eq!(socket("wss://a.example/v1/talk?x=1"), Some(Route::Public));
    assert_eq!(socket("WSS://A.example:443/v1"), Some(Route::Public));
    for no in [
        "ws://a.example/v1",
        "wss://a.example:8443/v1",
        "wss://a.example/v2",
        "wss://a.example/v1/../v2",
        "wss://u@a.example/v1",
        "wss://b.example/",
        "https://b.example/",
    ] {
        assert_eq!(socket(no), None, "{no}");
    }
    assert_eq!(route(&e, "https://a.example/v1"), None);
    assert_eq!(route(&e, "wss://a.example/v1"), None);
}

#[test]
fn a_granted_path_cannot_be_left() {
    let e = egress(&["https://a.example/v1/"]);
    assert!(route(&e, "https://a.example/v1").is_some());
    assert!(route(&e, "https://a.example/v1/chat?x=../y").is_some());
    for no in [
        "/v2",
        "/v10",
        "/",
        "/v1/../v2",
        "/v1/%2e%2e/v2",
        "/v1/..%2fv2",
        "/v1/.%2E/v2",
    ] {
        assert_eq!(route(&e, &format!("https://a.example{no}")), None, "{no}");
    }
}

#[test]
fn grants_that_cannot_be_meant_are_errors() {
    for text in [
        "api.example.com",
        "ftp://a.b",
        "https://u:p@a.b",
        "https://*.a.b",
        "https://a.b/?q",
        "",
    ] {
        assert!(
            Egress::new(&[text.to_owned()], false, Vec::new()).is_err(),
            "{text}"
        );
    }
    assert!(Egress::new(&["wss://a.b".into()], false, Vec::new()).is_ok());
}

#[test]
fn secrets_replace_what_the_guest_sent_and_go_only_where_they_belong() {
    let secrets = vec![
        HeaderSecret {
            header: "x-key".into(),
            value: "s1".into(),
            host: None,
        },
        HeaderSecret {
            header: "x-other".into(),
            value: "s2".into(),
            host: Some("b.example".into()),
        },
    ];
    let e = Egress::new(&["https://a.example".into()], false, secrets).unwrap();
    let mut headers = HeaderMap::new();
    headers.append("x-key", HeaderValue::from_static("forged"));
    headers.append("x-other", HeaderValue::from_static("forged"));
    e.attach(&"https://a.example/".parse().unwrap(), &mut headers);
    assert_eq!(headers.get_all("x-key").iter().collect::<Vec<_>>(), ["s1"]);
    assert!(headers.get("x-other").is_none());
    assert!(!format!("{e:?}").contains("s1"), "secrets are not printed");
}

#[test]
fn an_empty_secret_is_an_error() {
    let secret = HeaderSecret {
        header: "x-key".into(),
        value: " ".into(),
        host: None,
    };
    assert!(matches!(
        Egress::new(&[], false, vec![secret]),
        Err(EgressError::Secret { .. })
    ));
}

#[test]
fn private_addresses_are_known() {
    for no in [
        "127.0.0.1",
        "10.1.2.3",
        "192.168.0.1",
        "172.16.0.1",
        "169.254.169.254",
        "100.64.0.1",
        "0.0.0.0",
        "::1",
        "::",
        "fe80::1",
        "fd00::1",
        "::ffff:10.0.0.1",
        "64:ff9b::7f00:1",
        "::7f00:1",
        "224.0.0.1",
    ] {
        assert!(!is_public(no.parse().unwrap()), "{no}");
    }
    for yes in [
        "1.1.1.1",
        "93.184.216.34",
        "2606:4700::1111",
        "::ffff:8.8.8.8",
    ] {
        assert!(is_public(yes.parse().unwrap()), "{yes}");
    }
}
