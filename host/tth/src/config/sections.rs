//! Reading the sections of a configuration, each value with its range and its default.

use super::fields::{Fields, Found, Located};
use super::problem::Problems;
use super::schema::{
    Budgets, Chain, Circuit, Limits, MODES, ON_BREAK, Provider, ROLES, Retries, RuntimeSettings,
    Secret, SessionSettings,
};
use super::spell;
use std::path::PathBuf;
use tth_core::provider::Stage;
use tth_core::session::OnBreak;

/// What a provider is given where neither its block nor `runtime` says anything.
const LIMITS: Limits = Limits {
    memory_mb: 64,
    cpu_ms_per_turn: 2_000,
    min: 1,
    max: 64,
};
const BUDGETS: Budgets = Budgets {
    first_output_ms: 2_000,
    gap_ms: 2_000,
    total_ms: 60_000,
};
/// How long sessions live where `runtime.session` does not say.
const SESSION: SessionSettings = SessionSettings {
    idle_ttl_s: 300,
    max_idle_connected_s: 1_800,
    max_lifetime_s: 0,
    resume_s: 30,
};

/// The parts of a configuration that are in the base file, the profile and the environment.
pub(crate) fn read(root: &Fields<'_>) -> (RuntimeSettings, Vec<Chain>, Vec<Provider>) {
    let problems = root.problems;
    let section = |key: &str| match root.require(key, "a section of this name") {
        Some(found) => Fields::of(found.node, found.place, problems),
        None => Fields::absent(root.place.below(key, root.place.origin.clone()), problems),
    };
    let runtime = section("runtime");
    let limits = runtime
        .section("limits")
        .map_or(LIMITS, |fields| read_limits(fields, LIMITS));
    let budgets = runtime
        .section("budgets")
        .map_or(BUDGETS, |fields| read_budgets(fields, BUDGETS));
    let settings = read_runtime(runtime);

    let components = section("components");
    let chains = ROLES
        .iter()
        .map(|(name, role)| read_chain(&components, name, *role))
        .collect();
    components.finish();

    let providers = section("providers")
        .all()
        .into_iter()
        .map(|(id, found)| read_provider(id, found, problems, limits, budgets))
        .collect();
    (settings, chains, providers)
}

fn read_runtime(fields: Fields<'_>) -> RuntimeSettings {
    let path = |key: &str, default: &str| {
        let given = fields.text(key);
        PathBuf::from(given.map_or_else(|| default.to_owned(), |text| text.value))
    };
    if let Some(store) = fields.text("session_store")
        && store.value != "memory"
    {
        let found = format!("{:?}", store.value);
        fields.problems.expected(
            &store.place,
            found,
            "`memory`, the only session store of this version",
        );
    }
    let mapper = fields.text("mapper").unwrap_or_else(|| Located {
        value: "control-mapper.wasm".into(),
        place: fields.place.below("mapper", fields.place.origin.clone()),
    });
    let mut settings = RuntimeSettings {
        profile: fields.text("profile"),
        mapper,
        components_dir: path("components_dir", "target/components"),
        cache_dir: path("cache_dir", ".cache/aot"),
        watch: fields.flag("watch").unwrap_or(false),
        max_sessions: fields.whole("max_sessions", 1..=100_000).unwrap_or(512),
        audio_lead_ms: 400,
        playout_ms: 120,
        session: SESSION,
        shutdown_s: fields.whole("shutdown_s", 0..=3_600).unwrap_or(10),
        health_refresh_s: 15,
        retries: Retries {
            attempts: 1,
            pause_ms: 100,
        },
        circuit: Circuit {
            failures: 3,
            pause_s: 5,
        },
    };
    if let Some(pacing) = fields.section("pacing") {
        let (lead, playout) = (
            pacing.whole("audio_lead_ms", 20..=10_000),
            pacing.whole("playout_ms", 0..=5_000),
        );
        settings.audio_lead_ms = lead.unwrap_or(settings.audio_lead_ms);
        settings.playout_ms = playout.unwrap_or(settings.playout_ms);
        if settings.audio_lead_ms <= settings.playout_ms {
            // Of the two keys the one that was written later in the file is the likelier mistake.
            let place = pacing
                .get("playout_ms")
                .map_or_else(|| pacing.place.clone(), |found| found.place);
            pacing.problems.expected(
                &place,
                settings.playout_ms,
                format!(
                    "less than audio_lead_ms, which is {}",
                    settings.audio_lead_ms
                ),
            );
        }
        pacing.finish();
    }
    if let Some(session) = fields.section("session") {
        settings.session = read_session(session);
    }
    if let Some(health) = fields.section("health") {
        let refresh = health.whole("refresh_s", 1..=3_600);
        settings.health_refresh_s = refresh.unwrap_or(settings.health_refresh_s);
        health.finish();
    }
    if let Some(retries) = fields.section("retries") {
        read_retries(retries, &mut settings.retries);
    }
    if let Some(circuit) = fields.section("circuit") {
        read_circuit(circuit, &mut settings.circuit);
    }
    fields.finish();
    settings
}

fn read_session(fields: Fields<'_>) -> SessionSettings {
    let idle_ttl_s = fields.whole("idle_ttl_s", 1..=86_400);
    let max_idle_connected_s = fields.whole("max_idle_connected_s", 0..=604_800);
    let max_lifetime_s = fields.whole("max_lifetime_s", 0..=31_536_000);
    let resume_s = fields.whole("resume_s", 0..=600);
    fields.finish();
    SessionSettings {
        idle_ttl_s: idle_ttl_s.unwrap_or(SESSION.idle_ttl_s),
        max_idle_connected_s: max_idle_connected_s.unwrap_or(SESSION.max_idle_connected_s),
        max_lifetime_s: max_lifetime_s.unwrap_or(SESSION.max_lifetime_s),
        resume_s: resume_s.unwrap_or(SESSION.resume_s),
    }
}

fn small(number: Option<u64>) -> Option<u32> {
    number.and_then(|number| u32::try_from(number).ok())
}

fn read_retries(fields: Fields<'_>, retries: &mut Retries) {
    let attempts = small(fields.whole("attempts", 0..=10));
    retries.attempts = attempts.unwrap_or(retries.attempts);
    let pause = fields.whole("pause_ms", 1..=60_000);
    retries.pause_ms = pause.unwrap_or(retries.pause_ms);
    fields.finish();
}

fn read_circuit(fields: Fields<'_>, circuit: &mut Circuit) {
    let failures = small(fields.whole("failures", 0..=1_000));
    circuit.failures = failures.unwrap_or(circuit.failures);
    let pause = fields.whole("pause_s", 1..=3_600);
    circuit.pause_s = pause.unwrap_or(circuit.pause_s);
    fields.finish();
}

fn read_limits(fields: Fields<'_>, base: Limits) -> Limits {
    let mut limits = base;
    limits.memory_mb = small(fields.whole("memory_mb", 1..=4_096)).unwrap_or(base.memory_mb);
    let cpu = fields.whole("cpu_ms_per_turn", 1..=3_600_000);
    limits.cpu_ms_per_turn = cpu.unwrap_or(base.cpu_ms_per_turn);
    if let Some(instances) = fields.section("instances") {
        let (min, max) = (
            small(instances.whole("min", 0..=10_000)),
            small(instances.whole("max", 1..=10_000)),
        );
        // Fewer at most than are kept warm by default: then fewer are kept warm.
        limits.max = max.unwrap_or(base.max);
        limits.min = min.unwrap_or(base.min.min(limits.max));
        if limits.min > limits.max {
            instances.problems.expected(
                &instances.place,
                format!("min {} and max {}", limits.min, limits.max),
                "a min that is not above max",
            );
        }
        instances.finish();
    }
    fields.finish();
    limits
}

fn read_budgets(fields: Fields<'_>, base: Budgets) -> Budgets {
    let first = fields.whole("first_output_ms", 1..=600_000);
    let gap = fields.whole("gap_ms", 1..=600_000);
    let total = fields.whole("total_ms", 1..=3_600_000);
    let first_output_ms = first.unwrap_or(base.first_output_ms);
    if let Some(total) = total.filter(|total| *total < first_output_ms)
        && let Some(found) = fields.get("total_ms")
    {
        fields.problems.expected(
            &found.place,
            total,
            format!("not less than first_output_ms, which is {first_output_ms}"),
        );
    }
    fields.finish();
    Budgets {
        first_output_ms,
        gap_ms: gap.unwrap_or(base.gap_ms),
        // A block that only says how long its first output takes means no less for the whole.
        total_ms: total.unwrap_or(base.total_ms.max(first_output_ms)),
    }
}

fn read_chain(components: &Fields<'_>, name: &str, role: Stage) -> Chain {
    let expected = "a chain such as { mode: embedded, primary: ID, fallback: [ID] }";
    let Some(found) = components.require(name, expected) else {
        return Chain {
            role,
            mode: None,
            primary: None,
            fallback: Vec::new(),
            on_break: OnBreak::default(),
        };
    };
    let fields = Fields::of(found.node, found.place, components.problems);
    let mode = fields
        .require(
            "mode",
            "what the primary is: api, self_host, embedded or mock",
        )
        .and_then(|found| choice(found, fields.problems, &MODES));
    let primary = fields
        .require("primary", "the id of a provider")
        .and_then(|found| found.text(fields.problems));
    let fallback = fields.texts("fallback");
    let mut on_break = None;
    match role {
        // Read so that they are checked; they take effect with faces that bring their own speech.
        Stage::Tts => drop(fields.flag("disabled_when_avatar_handles_tts")),
        Stage::Avatar => drop(fields.flag("passthrough_text")),
        Stage::Llm => {
            let found = fields.get("on_break");
            on_break = found.and_then(|found| choice(found, fields.problems, &ON_BREAK));
        }
    }
    fields.finish();
    Chain {
        role,
        mode,
        primary,
        fallback,
        on_break: on_break.map(|found| found.value).unwrap_or_default(),
    }
}

fn read_provider(
    id: &str,
    found: Found<'_>,
    problems: &Problems,
    limits: Limits,
    budgets: Budgets,
) -> Provider {
    let fields = Fields::of(found.node, found.place, problems);
    let role = fields
        .require("role", "what it does: llm, tts or avatar")
        .and_then(|found| choice(found, problems, &ROLES));
    let mode = fields
        .require(
            "mode",
            "how it is reached: api, self_host, embedded or mock",
        )
        .and_then(|found| choice(found, problems, &MODES));
    let component = fields
        .require("component", "a file in runtime.components_dir")
        .and_then(|found| found.text(problems));
    let settings = fields.get("settings").map(|found| {
        // Its keys are the component's business, which checks them when it is loaded.
        let mapping = Fields::of(found.node, found.place, problems);
        drop(mapping);
        found.node.json().to_string()
    });
    let mut hosts = Vec::new();
    let mut private = false;
    if let Some(allow) = fields.section("allow") {
        hosts = allow.texts("hosts");
        private = allow.flag("private").unwrap_or(false);
        hosts
            .iter()
            .for_each(|host| check_host(host, allow.problems));
        allow.finish();
    }
    let secrets = fields
        .list("secrets")
        .into_iter()
        .filter_map(|found| read_secret(found, problems))
        .collect();
    let limits = fields
        .section("limits")
        .map_or(limits, |fields| read_limits(fields, limits));
    let budgets = fields
        .section("budgets")
        .map_or(budgets, |fields| read_budgets(fields, budgets));
    let reuse = fields.flag("reuse").unwrap_or(true);
    fields.finish();
    Provider {
        id: id.to_owned(),
        role: role.map(|role| role.value),
        mode: mode.map(|mode| mode.value),
        component,
        settings: settings.unwrap_or_else(|| "{}".into()),
        hosts,
        private,
        secrets,
        limits,
        budgets,
        reuse,
    }
}

fn check_host(host: &Located<String>, problems: &Problems) {
    let right = host
        .value
        .parse::<http::Uri>()
        .ok()
        .is_some_and(|uri: http::Uri| {
            let scheme = matches!(uri.scheme_str(), Some("https" | "wss" | "http" | "ws"));
            scheme && uri.host().is_some_and(|host| !host.is_empty()) && uri.query().is_none()
        });
    if !right {
        let found = format!("{:?}", host.value);
        let expected = "scheme, host and maybe port and path, e.g. \"https://api.example.com\"";
        problems.expected(&host.place, found, expected);
    }
}

fn read_secret(found: Found<'_>, problems: &Problems) -> Option<Secret> {
    let fields = Fields::of(found.node, found.place, problems);
    let header = fields
        .require("header", "the name of an HTTP header")
        .and_then(|found| found.text(problems));
    let from = fields
        .require("from", "env:NAME")
        .and_then(|found| found.text(problems));
    let prefix = fields.text("prefix");
    let host = fields.text("host");
    fields.finish();

    let header = header.filter(|header| {
        let right = header.value.parse::<http::HeaderName>().is_ok();
        if !right {
            let found = format!("{:?}", header.value);
            problems.expected(&header.place, found, "the name of an HTTP header");
        }
        right
    });
    let variable = from.and_then(|from| {
        let name = from.value.strip_prefix("env:").filter(|name| {
            !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
        });
        let Some(name) = name else {
            // What stands here may be the secret itself: it is not repeated.
            let message = "found something else than the name of a variable, expected env:NAME; \
                           keys are never written into the configuration";
            problems.add(&from.place, message);
            return None;
        };
        let value = name.to_owned();
        let place = from.place;
        Some(Located { value, place })
    });
    Some(Secret {
        header: header?.value,
        variable: variable?,
        prefix: prefix.map(|prefix| prefix.value).unwrap_or_default(),
        host: host.map(|host| host.value),
    })
}

/// One of a few names.
fn choice<T: Copy>(
    found: Found<'_>,
    problems: &Problems,
    names: &[(&str, T)],
) -> Option<Located<T>> {
    let text = found.text(problems)?;
    let place = text.place;
    match names.iter().find(|(name, _)| *name == text.value) {
        Some((_, value)) => Some(Located {
            value: *value,
            place,
        }),
        None => {
            let known: Vec<&str> = names.iter().map(|(name, _)| *name).collect();
            let expected = spell::one_of(&text.value, &known);
            problems.expected(&place, format!("{:?}", text.value), expected);
            None
        }
    }
}
