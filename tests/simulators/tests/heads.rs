//! What all doubles have in common, asked over their sockets: keys, what goes wrong at the head of an
//! answer, and the record of it.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "tests fail by panicking"
)]

use serde_json::{Value, json};
use std::time::{Duration, Instant};
use tth_simulators::{Fault, Script, Simulator, Vendor};

const LIMIT: Duration = Duration::from_secs(20);
const KEY: &str = "k-1";

/// A request that is served.
struct Ask {
    vendor: Vendor,
    path: &'static str,
    /// The header with the key, and what stands before it; none for a server without keys.
    key: Option<(&'static str, &'static str)>,
    /// What it says, as it is noted.
    body: Value,
    /// The same as a form.
    form: Option<&'static str>,
}

fn asks() -> Vec<Ask> {
    let bearer = Some(("authorization", "Bearer "));
    let ask = |vendor, path, key, body| Ask {
        vendor,
        path,
        key,
        body,
        form: None,
    };
    let user = json!({"role": "user", "content": "Hi"});
    vec![
        ask(
            Vendor::Vllm,
            "/v1/chat/completions",
            bearer,
            json!({"messages": [user], "stream": true}),
        ),
        ask(
            Vendor::OpenAi,
            "/v1/responses",
            bearer,
            json!({"model": "gpt-6-luna", "input": [user], "stream": true}),
        ),
        ask(
            Vendor::OpenAi,
            "/v1/audio/speech",
            bearer,
            json!({"model": "gpt-4o-mini-tts", "input": "Hi.", "voice": "coral", "response_format": "pcm"}),
        ),
        ask(
            Vendor::ElevenLabs,
            "/v1/text-to-speech/21m00Tcm4TlvDq8ikWAM/stream?output_format=pcm_24000",
            Some(("xi-api-key", "")),
            json!({"model_id": "eleven_flash_v2_5", "text": "Hi."}),
        ),
        Ask {
            form: Some(concat!(
                "--b\r\ncontent-disposition: form-data; name=\"tts_text\"\r\n\r\nHi.\r\n",
                "--b\r\ncontent-disposition: form-data; name=\"spk_id\"\r\n\r\n英文女\r\n--b--\r\n",
            )),
            ..ask(
                Vendor::CosyVoice,
                "/inference_sft",
                None,
                json!({"tts_text": "Hi.", "spk_id": "英文女"}),
            )
        },
        ask(
            Vendor::GlmTts,
            "/v1/tts/stream",
            None,
            json!({"text": "Hi.", "voice_id": "lin"}),
        ),
    ]
}

struct Answer {
    status: u16,
    kind: String,
    retry_after: Option<String>,
    body: Result<Vec<u8>, ureq::Error>,
}

impl Ask {
    fn start(&self) -> Simulator {
        let key = Some(KEY.to_owned());
        let script = Script {
            key,
            ..Script::default()
        };
        Simulator::start(self.vendor, script).unwrap()
    }

    fn ask(&self, double: &Simulator, key: &str) -> Answer {
        let config = ureq::Agent::config_builder().http_status_as_error(false);
        let agent = config.timeout_global(Some(LIMIT)).build().new_agent();
        let mut request = agent.post(format!("{}{}", double.origin(), self.path));
        if let Some((header, before)) = self.key {
            request = request.header(header, format!("{before}{key}"));
        }
        let answer = match self.form {
            None => request
                .header("content-type", "application/json")
                .send(self.body.to_string()),
            Some(form) => request
                .header("content-type", "multipart/form-data; boundary=b")
                .send(form),
        };
        let mut answer = answer.unwrap();
        let header = |name: &str| {
            let value = answer.headers().get(name)?;
            Some(value.to_str().unwrap().to_owned())
        };
        Answer {
            status: answer.status().as_u16(),
            kind: header("content-type").unwrap_or_default(),
            retry_after: header("retry-after"),
            body: answer.body_mut().read_to_vec(),
        }
    }
}

#[test]
fn a_key_is_wanted_and_a_request_is_noted_either_way() {
    for ask in asks() {
        let double = ask.start();
        let refused = if ask.key.is_some() { 401 } else { 200 };
        assert_eq!(ask.ask(&double, "k-2").status, refused, "{}", ask.path);
        let served = ask.ask(&double, KEY);
        assert_eq!(served.status, 200, "{}", ask.path);
        assert!(served.body.unwrap().len() > 100, "{}", ask.path);
        let whole = |one: &tth_simulators::Received| one.ended.is_some_and(|ended| ended.whole);
        assert!(double.wait(LIMIT, |all| all.iter().all(whole)));
        let asked = double.asked();
        assert_eq!(asked.len(), 2, "{}", ask.path);
        assert_eq!(Some(asked[1].path.as_str()), ask.path.split('?').next());
        assert_eq!(asked[1].body, ask.body);
        assert_eq!(asked[0].said == 0, refused == 401, "{}", ask.path);
        assert!(asked[1].said > 0 && asked[1].said == asked[1].said_at.len());
        assert!(asked[1].said_at.iter().all(|at| *at >= asked[1].at));
        assert_eq!(double.aborted(), 0);
    }
}

#[test]
fn the_head_of_an_answer_goes_wrong_as_ordered() {
    for ask in asks() {
        let double = ask.start();
        for (fault, statuses) in [
            (Fault::Status(400), 400..401),
            (Fault::Status(503), 503..504),
            (Fault::RateLimited(None), 429..430),
            // One has 401 for it, another 402, a third 429.
            (Fault::Quota, 401..430),
        ] {
            double.once(fault.clone());
            let answer = ask.ask(&double, KEY);
            let what = format!("{} {fault:?}: {}", ask.path, answer.status);
            assert!(statuses.contains(&answer.status), "{what}");
            assert_eq!(answer.retry_after, None, "{what}");
            let said = answer.body.unwrap();
            if ask.vendor == Vendor::CosyVoice {
                assert_eq!(said, b"Internal Server Error", "{what}");
            } else {
                assert!(answer.kind.starts_with("application/json"), "{what}");
                let said: Value = serde_json::from_slice(&said).unwrap();
                assert!(said.is_object(), "{what}: {said}");
            }
        }
        double.once(Fault::RateLimited(Some("7".into())));
        let limited = ask.ask(&double, KEY);
        assert_eq!(
            (limited.status, limited.retry_after.as_deref()),
            (429, Some("7"))
        );
        double.once(Fault::WebPage);
        let page = ask.ask(&double, KEY);
        assert_eq!((page.status, &page.kind[..9]), (200, "text/html"));
        double.once(Fault::SlowHead(150));
        let before = Instant::now();
        assert_eq!(ask.ask(&double, KEY).status, 200);
        assert!(
            before.elapsed() >= Duration::from_millis(150),
            "{}",
            ask.path
        );
        double.once(Fault::Cut(1));
        let cut = ask.ask(&double, KEY);
        assert!(cut.status == 200 && cut.body.is_err(), "{}", ask.path);
        assert_eq!(double.asked().pop().unwrap().said, 1, "{}", ask.path);
        assert_eq!(double.aborted(), 1, "{}", ask.path);
        double.always(Some(Fault::Status(500)));
        let twice = [(); 2].map(|()| ask.ask(&double, KEY).status);
        double.always(None);
        assert_eq!((twice, ask.ask(&double, KEY).status), ([500; 2], 200));
    }
}
