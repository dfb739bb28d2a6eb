use super::*;

fn given_of(text: &str) -> Vec<Given> {
    let mut source = 0;
    text.chars()
        .map(|phoneme| {
            if phoneme == ' ' {
                source += 1;
            }
            Given {
                phoneme,
                source: source..source + 1,
            }
        })
        .collect()
}

#[test]
fn shapes_tile_the_speech_without_overlap() {
    // edge, m, ˈ, A, space, b, i, edge
    let slots = [4, 2, 1, 3, 1, 2, 3, 4];
    let mut loudness = vec![6.0; 40];
    loudness[..8].fill(-9.0);
    loudness[32..].fill(-9.0);
    let timing = time(&given_of("mˈA bi"), &slots, &loudness, 6..36);
    let visemes: Vec<Viseme> = timing.shapes.iter().map(|s| s.viseme).collect();
    use Viseme::{E, Ih, Pp, Sil};
    assert_eq!(visemes, [Sil, Pp, E, Ih, Pp, Ih, Sil]);
    for pair in timing.shapes.windows(2) {
        assert!((pair[0].to - pair[1].from).abs() < 1e-3, "{pair:?}");
    }
    assert_eq!(
        timing
            .words
            .iter()
            .map(|w| w.source.clone())
            .collect::<Vec<_>>(),
        [0..1, 1..2]
    );
    // the b: its label is at frame (4+2+1+3+0.5)*2, the sound 3.6 frames earlier
    let b = timing.shapes[4];
    assert!((b.from - (21.0 - LATE)).abs() < 1e-3, "{b:?}");
}

#[test]
fn a_pause_is_where_the_sound_is_silent() {
    let slots = [2, 3, 3, 4, 3, 3, 2];
    let mut loudness = vec![5.0; 40];
    loudness[..4].fill(-9.0);
    loudness[12..24].fill(-9.0);
    loudness[36..].fill(-9.0);
    let timing = time(
        &given_of("ma, so"),
        &[&slots[..], &[2]].concat(),
        &loudness,
        4..38,
    );
    let pause = timing
        .shapes
        .iter()
        .find(|s| s.viseme == Viseme::Sil && s.from > 5.0)
        .unwrap();
    assert_eq!((pause.from, pause.to), (12.0, 24.0));
    assert!(
        timing
            .shapes
            .iter()
            .all(|s| s.viseme == Viseme::Sil || s.to <= 12.0 || s.from >= 24.0)
    );
}

#[test]
fn a_short_closure_is_no_pause() {
    let mut loudness = vec![5.0; 20];
    loudness[10..14].fill(-2.0);
    let timing = time(&given_of("apa"), &[1, 3, 3, 3, 1], &loudness, 0..20);
    assert!(timing.shapes.iter().all(|s| s.viseme != Viseme::Sil));
}

#[test]
fn weights_are_weights() {
    let timing = time(&given_of("hˈI"), &[1, 2, 1, 3, 1], &[9.0; 18], 0..18);
    assert!(
        timing
            .shapes
            .iter()
            .all(|s| s.weight > 0.0 && s.weight <= 1.0 && s.to > s.from)
    );
    // h takes the shape of its vowel
    assert_eq!(timing.shapes[0].viseme, Viseme::Aa);
}
