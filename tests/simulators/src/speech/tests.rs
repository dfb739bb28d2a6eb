use super::*;

const TEXT: &str = " Hello there, my friend!  Nice to meet you. ";

fn level(samples: &[i16]) -> f64 {
    let squares = samples.iter().map(|one| f64::from(*one).powi(2));
    (squares.sum::<f64>() / samples.len().max(1) as f64).sqrt()
}

#[test]
fn it_is_speech() {
    let speech = Speech::of(TEXT);
    assert!((1_000_000..6_000_000).contains(&speech.duration_us()));
    assert!(level(&speech.pcm) > 500.0, "{}", level(&speech.pcm));
    // Its level comes and goes with its syllables.
    let levels: Vec<f64> = speech.pcm.chunks(480).map(level).collect();
    let loud = levels.iter().copied().fold(0.0, f64::max);
    let soft = levels.iter().filter(|one| **one < loud / 10.0).count();
    assert!(
        soft > 5 && soft < levels.len() / 2,
        "{soft} of {}",
        levels.len()
    );
    assert!(Arc::ptr_eq(&speech, &Speech::of(TEXT)), "it is remembered");
}

#[test]
fn words_are_the_text_in_time() {
    let speech = Speech::of(TEXT);
    let said: String = speech.words.iter().map(|word| word.text.as_str()).collect();
    assert_eq!(said, TEXT);
    assert_eq!(speech.words.len(), 8, "{:?}", speech.words);
    assert!(speech.words.is_sorted_by_key(|word| word.start_us));
    let last = &speech.words[7];
    assert!(last.duration_us > 50_000, "{last:?}");
    assert!(last.start_us + last.duration_us <= speech.duration_us());

    let characters = speech.characters();
    let said: String = characters.iter().map(|one| one.0).collect();
    assert_eq!(said, TEXT);
    assert!(characters.is_sorted_by_key(|one| one.1));
    let whole: u64 = characters.iter().map(|one| one.2).sum();
    let words: u64 = speech.words.iter().map(|word| word.duration_us).sum();
    assert_eq!(whole, words);
}

#[test]
fn any_text_has_some_sound_and_all_its_characters() {
    for text in ["", " ", "…", "😀", "你好，世界。", "a\u{0}b", "12:30 — €5"] {
        let speech = Speech::of(text);
        assert!(!speech.pcm.is_empty(), "{text:?}");
        let said: String = speech.words.iter().map(|word| word.text.as_str()).collect();
        assert_eq!(said, text);
    }
    assert!(Speech::of("").duration_us() < 200_000);
}

#[test]
fn another_rate_is_the_same_sound() {
    let speech = Speech::of(TEXT);
    for hz in [8_000, 16_000, 22_050, 24_000, 32_000, 44_100, 48_000] {
        let samples = speech.at_rate(hz);
        let us = samples.len() as u64 * 1_000_000 / u64::from(hz);
        assert!(us.abs_diff(speech.duration_us()) < 200, "{hz}: {us}");
        let change = level(&samples) / level(&speech.pcm);
        assert!((0.8..1.1).contains(&change), "{hz}: {change}");
        assert_eq!(speech.bytes(hz).len(), 2 * samples.len());
    }
}

#[test]
fn a_tone_keeps_its_pitch() {
    let tone = |hz: f64, rate: f64| -> Vec<i16> {
        let angle = |i: u32| (std::f64::consts::TAU * hz * f64::from(i) / rate).sin();
        (0..rate as u32 / 4)
            .map(|i| (angle(i) * 10_000.0) as i16)
            .collect()
    };
    let heard = resample::resample(&tone(440.0, 24_000.0), 24_000, 16_000);
    let wanted = tone(440.0, 16_000.0);
    let middle = 100..3_900;
    for (heard, wanted) in heard[middle.clone()].iter().zip(&wanted[middle]) {
        assert!(heard.abs_diff(*wanted) < 100, "{heard} for {wanted}");
    }
    // What the new rate cannot hold is gone, not folded down.
    let gone = resample::resample(&tone(10_500.0, 24_000.0), 24_000, 16_000);
    assert!(
        level(&gone[100..3_900]) < 300.0,
        "{}",
        level(&gone[100..3_900])
    );
}
