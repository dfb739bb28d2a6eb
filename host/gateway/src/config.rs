//! Every limit and timeout of the gateway, in one place.

use std::time::Duration;

/// How the gateway behaves. The defaults are for one server on a desk or behind a proxy.
#[derive(Clone, Debug)]
pub struct GatewayConfig {
    /// The keys that open the API. Empty: no key is needed, but only clients on this machine are
    /// served, and only pages that came from here.
    pub api_keys: Vec<String>,
    /// Largest body of a request, in bytes. Default 256 KiB: the longest text fits, however it is
    /// escaped.
    pub max_body_bytes: usize,
    /// How long a request's body may take. Default 15 s.
    pub body_timeout: Duration,
    /// Largest inbound event, in bytes. Default 256 KiB.
    pub max_frame_bytes: usize,
    /// Inbound events a second that one connection may keep up. Default 100.
    pub events_per_second: u32,
    /// Inbound events that may come at once. Default 200.
    pub event_burst: u32,
    /// Events in the body of one `POST .../input`. Default 100.
    pub max_events_per_post: usize,
    /// How long one outbound event may take to leave, before the connection counts as lost.
    /// Default 10 s.
    pub write_timeout: Duration,
    /// How often a silent WebSocket is pinged. Default 20 s.
    pub ping_interval: Duration,
    /// How long nothing may come from a WebSocket, pongs included. Default 60 s.
    pub silence_timeout: Duration,
    /// How often an idle event stream (SSE) shows that it lives. Default 15 s.
    pub sse_keep_alive: Duration,
    /// `/v1/generate` calls at the same time; more are told to come back. Default 4.
    pub max_generates: usize,
    /// Media that one `/v1/generate` may collect, in bytes of its answer. Default 256 MiB.
    pub max_generate_bytes: usize,
}

impl Default for GatewayConfig {
    fn default() -> Self {
        GatewayConfig {
            api_keys: Vec::new(),
            max_body_bytes: 256 << 10,
            body_timeout: Duration::from_secs(15),
            max_frame_bytes: 256 << 10,
            events_per_second: 100,
            event_burst: 200,
            max_events_per_post: 100,
            write_timeout: Duration::from_secs(10),
            ping_interval: Duration::from_secs(20),
            silence_timeout: Duration::from_secs(60),
            sse_keep_alive: Duration::from_secs(15),
            max_generates: 4,
            max_generate_bytes: 256 << 20,
        }
    }
}
