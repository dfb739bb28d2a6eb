//! Every limit and every timeout of the runtime, in one file: what it bounds, its unit, its default.
//!
//! [`EngineLimits`] hold for the whole process, [`InstanceLimits`] for one provider. Nothing else in
//! this crate decides a number that an operator could want to change.

/// Bytes in a mebibyte.
pub(crate) const MIB: usize = 1 << 20;

/// What bounds the engine: the sum over all providers, and the clocks they share.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EngineLimits {
    /// Instances alive at once, over all providers. Address space is reserved for each, memory is
    /// committed only when touched. Default 1000.
    pub total_instances: u32,
    /// The most linear memory any instance may be granted, in MiB. Default 512.
    pub max_memory_mb: u32,
    /// Stack of one guest task, in KiB; the guest may use half of it, host functions the rest.
    /// Default 512.
    pub async_stack_kb: u32,
    /// How often running guests are interrupted to check their CPU budget and to let others run, in
    /// milliseconds. Default 5.
    pub epoch_tick_ms: u64,
    /// How often open calls are checked for having been dropped, in milliseconds. Default 20.
    pub cancel_poll_ms: u64,
    /// Pages of a returned instance that are kept for the next one instead of being given back to the
    /// system, in KiB. Default 0.
    pub keep_resident_kb: u32,
    /// Largest component file, in MiB. Default 256.
    pub max_component_mb: u32,
    /// Longest wait for a connection of outgoing HTTP, in milliseconds. Default 5000.
    pub http_connect_ms: u64,
    /// Longest wait for the head of an HTTP answer, in milliseconds. Default 30000.
    pub http_first_byte_ms: u64,
    /// Longest silence inside the body of an HTTP answer, in milliseconds. Default 60000.
    pub http_between_bytes_ms: u64,
    /// How long an unused HTTP connection is kept, in milliseconds. Default 90000.
    pub http_idle_ms: u64,
    /// Unused HTTP connections kept for one host. Default 16.
    pub http_idle_per_host: usize,
    /// Longest wait for an open WebSocket: name, TCP, TLS and upgrade together, in milliseconds.
    /// Default 10000.
    pub websocket_connect_ms: u64,
    /// How often the server of an open WebSocket is asked whether it is still there, in milliseconds.
    /// One that says nothing at all until the next question is gone. Default 20000.
    pub websocket_ping_ms: u64,
    /// Longest wait for the server's farewell after the guest's, in milliseconds. Default 2000.
    pub websocket_close_ms: u64,
}

impl Default for EngineLimits {
    fn default() -> Self {
        EngineLimits {
            total_instances: 1000,
            max_memory_mb: 512,
            async_stack_kb: 512,
            epoch_tick_ms: 5,
            cancel_poll_ms: 20,
            keep_resident_kb: 0,
            max_component_mb: 256,
            http_connect_ms: 5_000,
            http_first_byte_ms: 30_000,
            http_between_bytes_ms: 60_000,
            http_idle_ms: 90_000,
            http_idle_per_host: 16,
            websocket_connect_ms: 10_000,
            websocket_ping_ms: 20_000,
            websocket_close_ms: 2_000,
        }
    }
}

/// What bounds the instances of one provider.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InstanceLimits {
    /// Linear memory of one instance, in MiB. Default 64.
    pub memory_mb: u32,
    /// CPU one call may use, in milliseconds. For a face, whose call lasts a whole session: between
    /// two of its events. Default 2000.
    pub cpu_ms_per_turn: u64,
    /// CPU that `load` and `warmup` may use together, in milliseconds. Default 20000.
    pub load_cpu_ms: u64,
    /// Time that instantiation, `load` and `warmup` may take together, in milliseconds. Default 60000.
    pub load_ms: u64,
    /// Instances kept loaded and warm while nothing happens. Default 1.
    pub min_instances: u32,
    /// Instances alive at once, and so calls at once. Default 64.
    pub max_instances: u32,
    /// Whether an instance serves another call after one that ended well. Default true.
    pub reuse: bool,
    /// Longest wait for an instance while all are busy, in milliseconds. Default 1000.
    pub acquire_ms: u64,
    /// How long a cancelled call may take to end by itself before its instance is dropped, in
    /// milliseconds. A neural voice needs that long to finish the window it is at. Default 250.
    pub cancel_grace_ms: u64,
    /// How long a guest that has closed its events may take to say how the call ended, in
    /// milliseconds. Default 1000.
    pub outcome_ms: u64,
    /// How long an instance above `min_instances` stays while unused, in milliseconds. Default 30000.
    pub idle_ms: u64,
    /// First pause before a crashed instance is replaced, in milliseconds; doubles with each crash in
    /// a row up to a hundredfold. Default 100.
    pub restart_backoff_ms: u64,
    /// How long `health` may take, in milliseconds; it may ask a server on another continent. Default
    /// 3000.
    pub health_ms: u64,
    /// Handles (requests, bodies, streams ...) one instance may hold. Default 1024.
    pub handles: usize,
    /// HTTP requests one instance may have under way. Default 16.
    pub http_requests: usize,
    /// WebSockets one instance may have open. Default 4.
    pub websockets: usize,
    /// Bytes a guest may hand to the host in one go, in MiB. Default 8.
    pub hostcall_mb: u32,
}

impl Default for InstanceLimits {
    fn default() -> Self {
        InstanceLimits {
            memory_mb: 64,
            cpu_ms_per_turn: 2_000,
            load_cpu_ms: 20_000,
            load_ms: 60_000,
            min_instances: 1,
            max_instances: 64,
            reuse: true,
            acquire_ms: 1_000,
            cancel_grace_ms: 250,
            outcome_ms: 1_000,
            idle_ms: 30_000,
            restart_backoff_ms: 100,
            health_ms: 3_000,
            handles: 1_024,
            http_requests: 16,
            websockets: 4,
            hostcall_mb: 8,
        }
    }
}

impl InstanceLimits {
    /// The fields that contradict each other or the engine, as one sentence; `None` if all is well.
    pub(crate) fn contradiction(&self, engine: &EngineLimits) -> Option<String> {
        let positive = [
            ("memory_mb", u64::from(self.memory_mb)),
            ("cpu_ms_per_turn", self.cpu_ms_per_turn),
            ("load_cpu_ms", self.load_cpu_ms),
            ("load_ms", self.load_ms),
            ("max_instances", u64::from(self.max_instances)),
            ("hostcall_mb", u64::from(self.hostcall_mb)),
        ];
        if let Some((name, _)) = positive.iter().find(|(_, value)| *value == 0) {
            return Some(format!("limit `{name}` is 0, but must be at least 1"));
        }
        if self.memory_mb > engine.max_memory_mb {
            return Some(format!(
                "limit `memory_mb` is {}, but the engine allows at most {}",
                self.memory_mb, engine.max_memory_mb
            ));
        }
        if self.min_instances > self.max_instances {
            return Some(format!(
                "limit `min_instances` is {}, but `max_instances` is {}",
                self.min_instances, self.max_instances
            ));
        }
        None
    }
}

/// Items of a call that wait between the core and a guest, for each direction and stage.
pub(crate) mod channel {
    /// Messages to any guest.
    pub(crate) const INPUT: usize = 64;
    /// Events of a language model or a voice.
    pub(crate) const EVENTS: usize = 64;
    /// Items handed to a guest at one read.
    pub(crate) const READ_BATCH: usize = 32;
    /// Messages between a guest and one WebSocket, in each direction.
    pub(crate) const WEBSOCKET: usize = 64;
    /// Bytes of these messages, beyond which no further one is taken.
    pub(crate) const WEBSOCKET_BYTES: usize = super::MIB;
}

/// The largest items a guest may send. Larger ones end its call; a message of a WebSocket ends that.
pub(crate) mod item {
    use super::MIB;
    /// One message of a WebSocket, in either direction.
    pub(crate) const WEBSOCKET: usize = 4 * MIB;
    /// What a guest adds to the request that opens a WebSocket: names and values of headers, and
    /// protocols.
    pub(crate) const WEBSOCKET_OPTIONS: usize = 16 << 10;
    /// PCM of one chunk.
    pub(crate) const AUDIO: usize = MIB;
    /// One coded picture.
    pub(crate) const FRAME: usize = 4 * MIB;
    /// One piece of text.
    pub(crate) const TEXT: usize = 64 << 10;
    /// Names, labels and models.
    pub(crate) const NAME: usize = 1 << 10;
    /// Entries of a list, e.g. parameters.
    pub(crate) const ENTRIES: usize = 256;
    /// The latest media time, in microseconds: thirty days. Later ones are mistakes that would
    /// overflow sums downstream.
    pub(crate) const MEDIA_TIME: u64 = 30 * 24 * 3_600 * 1_000_000;
}

/// Output of guests on stdout and stderr.
pub(crate) mod output {
    /// Bytes of one line that are kept.
    pub(crate) const LINE: usize = 512;
    /// Lines of one instance that are logged in a second.
    pub(crate) const LINES_PER_SECOND: u32 = 20;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn defaults_agree_with_each_other() {
        assert_eq!(
            InstanceLimits::default().contradiction(&EngineLimits::default()),
            None
        );
    }

    #[test]
    fn each_contradiction_names_its_field() {
        let engine = EngineLimits {
            max_memory_mb: 32,
            ..EngineLimits::default()
        };
        let text = InstanceLimits::default()
            .contradiction(&engine)
            .unwrap_or_default();
        assert!(
            text.contains("memory_mb") && text.contains("64") && text.contains("32"),
            "{text}"
        );

        let limits = InstanceLimits {
            min_instances: 5,
            max_instances: 2,
            ..InstanceLimits::default()
        };
        let text = limits
            .contradiction(&EngineLimits::default())
            .unwrap_or_default();
        assert!(
            text.contains("min_instances") && text.contains("max_instances"),
            "{text}"
        );

        let limits = InstanceLimits {
            cpu_ms_per_turn: 0,
            ..InstanceLimits::default()
        };
        let text = limits
            .contradiction(&EngineLimits::default())
            .unwrap_or_default();
        assert!(text.contains("cpu_ms_per_turn"), "{text}");
    }

    #[test]
    fn a_hostcall_can_carry_the_largest_item() {
        let bytes = InstanceLimits::default().hostcall_mb as usize * MIB;
        assert!(bytes > item::FRAME.max(item::AUDIO).max(item::WEBSOCKET));
    }
}
