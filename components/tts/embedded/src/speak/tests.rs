use super::*;

fn piece(phonemes: &[&str]) -> Vec<Spoken> {
    let unit = |p: &&str| Spoken {
        phonemes: (*p).to_owned(),
        space: false,
        source: 0..1,
    };
    phonemes.iter().map(unit).collect()
}

#[test]
fn a_pause_is_as_long_as_its_mark_asks() {
    let long = pause_after(&piece(&["wˈɜɹd", "."]));
    assert!(long > pause_after(&piece(&["wˈɜɹd", ","])));
    assert_eq!(long, pause_after(&piece(&["wˈɜɹd", "?", "”"])));
    assert!(pause_after(&piece(&["wˈɜɹd"])) < pause_after(&piece(&["wˈɜɹd", ","])));
    // a mark inside the piece is none at its end
    assert_eq!(
        pause_after(&piece(&["nˈO", ".", "wˈɜɹd"])),
        pause_after(&piece(&["wˈɜɹd"]))
    );
}

#[test]
fn silence_at_both_ends_is_cut() {
    let mut loudness = vec![-9.0; 100];
    loudness[30..60].fill(5.0);
    // a silence inside stays
    loudness[40..45].fill(-9.0);
    assert_eq!(heard(&loudness), Some(28..65));
    assert_eq!(heard(&[-9.0; 50]), None);
    assert_eq!(heard(&[]), None);
}

#[test]
fn the_clock_counts_samples() {
    let mut progress = Progress {
        samples: 0,
        pause: 0,
        noise: Noise::new(1),
    };
    let mut events = Vec::new();
    progress.audio(&[1; 5_000], &mut events);
    progress.silence(240, &mut events);
    let times: Vec<u64> = events
        .iter()
        .map(|event| match event {
            Event::Audio(chunk) => chunk.at,
            Event::Viseme(mark) => mark.at,
            other => unreachable!("{other:?}"),
        })
        .collect();
    assert_eq!(times, [0, 100_000, 200_000, 208_333, 208_333]);
    assert_eq!(progress.now(), 218_333);
}
