//! Readers that are lost and come back.

use super::*;

/// Take so many events at `now`.
fn take(outbox: &Outbox, reader: u64, now: Micros, count: usize) -> Vec<Envelope> {
    let mut context = Context::from_waker(Waker::noop());
    let mut next = || match outbox.poll_next(reader, now, 7, &mut context) {
        Poll::Ready(Ok(envelope)) => envelope,
        other => panic!("{other:?}"),
    };
    (0..count).map(|_| next()).collect()
}

fn word(text: &str) -> ServerEvent {
    ServerEvent::TextDelta { text: text.into() }
}

fn greeting() -> ServerEvent {
    ServerEvent::SessionReady {
        providers: Vec::new(),
        resumption: Resumption::Resumed,
    }
}

fn words(got: &[Envelope]) -> Vec<(u64, &str)> {
    let words = got.iter().filter_map(|one| match &one.event {
        ServerEvent::TextDelta { text } => Some((one.seq, text.as_str())),
        _ => None,
    });
    words.collect()
}

/// An outbox whose reader got these words at these times, and saw them or not.
fn told(limits: OutboxLimits, words: &[(&str, Micros)]) -> (Outbox, u64) {
    let outbox = outbox(limits);
    let reader = outbox.attach(None);
    assert_eq!(outbox.arrival(), Some(Arrival::Afresh { refused: None }));
    for (text, at) in words {
        outbox.push(Some(TurnId(1)), word(text));
        take(&outbox, reader, *at, 1);
    }
    (outbox, reader)
}

fn refusal(outbox: &Outbox, seq: u64) -> Option<Refusal> {
    outbox.attach(Some(seq));
    match outbox.arrival() {
        Some(Arrival::Afresh { refused }) => refused,
        other => panic!("{other:?}"),
    }
}

#[test]
fn what_was_not_seen_comes_again_behind_the_greeting_and_numbered_anew() {
    let (outbox, first) = told(OutboxLimits::default(), &[("a", 1), ("b", 2), ("c", 3)]);
    outbox.push(None, frame(40_000, VideoCodec::Jpeg, true, 10));
    take(&outbox, first, 4, 1);
    outbox.push(Some(TurnId(1)), sound(0));
    outbox.push(None, frame(80_000, VideoCodec::Jpeg, true, 10));
    assert_eq!(outbox.detach(first, false), Parting::Lost);
    // Sound is kept for who is awaited, pictures are not.
    outbox.push(Some(TurnId(1)), sound(20_000));
    outbox.push(None, frame(120_000, VideoCodec::Jpeg, true, 10));

    let second = outbox.attach(Some(1));
    assert_eq!(
        drain(&outbox, second).0.len(),
        0,
        "nothing before the greeting"
    );
    assert_eq!(
        outbox.arrival(),
        Some(Arrival::Resumed {
            unheard: Some(0),
            shown: None
        })
    );
    outbox.push(None, greeting());
    let (got, _) = drain(&outbox, second);
    let numbers: Vec<u64> = got.iter().map(|one| one.seq).collect();
    assert_eq!(numbers, [2, 3, 4, 5, 6]);
    assert!(matches!(got[0].event, ServerEvent::SessionReady { .. }));
    assert_eq!(words(&got), [(3, "b"), (4, "c")]);
    let sounds = got.iter().filter(|one| one.event.is_media()).count();
    assert_eq!(sounds, 2, "and no picture");
    assert_eq!(outbox.lock().media_bytes, 0);
}

#[test]
fn the_end_of_the_last_picture_that_was_seen_is_known() {
    let (outbox, first) = told(OutboxLimits::default(), &[]);
    for at in [0, 40_000, 80_000] {
        outbox.push(None, frame(at, VideoCodec::Jpeg, true, 10));
        take(&outbox, first, at, 1);
    }
    outbox.attach(Some(2));
    let shown = match outbox.arrival() {
        Some(Arrival::Resumed { shown, .. }) => shown,
        other => panic!("{other:?}"),
    };
    assert_eq!(shown, Some(80_000));
}

#[test]
fn who_resumes_and_is_lost_again_at_once_misses_nothing() {
    let (outbox, first) = told(OutboxLimits::default(), &[("a", 1), ("b", 2), ("c", 3)]);
    outbox.detach(first, false);
    let second = outbox.attach(Some(1));
    outbox.detach(second, false);
    assert_eq!(outbox.arrival(), None, "nobody is there to be greeted");
    let third = outbox.attach(Some(1));
    assert!(matches!(outbox.arrival(), Some(Arrival::Resumed { .. })));
    outbox.push(None, greeting());
    assert_eq!(words(&drain(&outbox, third).0), [(3, "b"), (4, "c")]);
}

#[test]
fn what_is_kept_is_bounded() {
    let limits = OutboxLimits {
        replay_us: 10 * SECOND,
        replay_bytes: 1_000,
        ..OutboxLimits::default()
    };
    // Three events of a quarter of a KiB each.
    let (outbox, _) = told(limits, &[("a", 0), ("b", 0), ("c", 0), ("d", 0)]);
    assert_eq!(refusal(&outbox, 0), Some(Refusal::Dropped));
    let (outbox, _) = told(limits, &[("a", 0), ("b", 5 * SECOND), ("c", 9 * SECOND)]);
    outbox.trim(12 * SECOND);
    assert!(outbox.lock().replay.reaches(1));
    outbox.trim(17 * SECOND);
    assert!(!outbox.lock().replay.reaches(1));
    assert_eq!(refusal(&outbox, 1), Some(Refusal::Dropped));
}

#[test]
fn who_is_awaited_finds_what_was_new_when_it_was_lost() {
    let (outbox, reader) = told(OutboxLimits::default(), &[("a", 0), ("b", 20 * SECOND)]);
    outbox.detach(reader, false);
    outbox.trim(49 * SECOND);
    outbox.attach(Some(1));
    assert!(matches!(outbox.arrival(), Some(Arrival::Resumed { .. })));
}

#[test]
fn what_was_played_is_not_kept() {
    let (outbox, reader) = told(OutboxLimits::default(), &[("a", 1)]);
    for at in [0, 20_000, 40_000] {
        outbox.push(Some(TurnId(1)), sound(at));
        take(&outbox, reader, 2, 1);
    }
    outbox.played(40_000);
    assert!(!outbox.lock().replay.reaches(2));
    assert!(outbox.lock().replay.reaches(3));
    outbox.played(Micros::MAX);
    assert!(!outbox.lock().replay.reaches(3));
}

#[test]
fn a_fence_holds_for_what_left_too() {
    let (outbox, first) = told(OutboxLimits::default(), &[("a", 1)]);
    outbox.push(Some(TurnId(1)), word("no"));
    outbox.push(Some(TurnId(1)), sound(0));
    outbox.push(Some(TurnId(1)), ServerEvent::TurnStarted);
    take(&outbox, first, 2, 3);
    outbox.detach(first, false);
    outbox.fence(TurnId(1));
    let second = outbox.attach(Some(1));
    outbox.push(None, greeting());
    let (got, _) = drain(&outbox, second);
    assert!(
        matches!(
            got.as_slice(),
            [
                Envelope {
                    seq: 2,
                    event: ServerEvent::SessionReady { .. },
                    ..
                },
                Envelope {
                    seq: 3,
                    event: ServerEvent::TurnStarted,
                    ..
                },
            ]
        ),
        "{got:?}"
    );
}

#[test]
fn who_is_not_awaited_cannot_resume() {
    let (outbox, reader) = told(OutboxLimits::default(), &[("a", 1)]);
    assert_eq!(refusal(&outbox, 2), Some(Refusal::Future { last: 1 }));
    assert_eq!(outbox.detach(reader, true), Parting::Replaced);
    assert_eq!(outbox.detach(2, true), Parting::Left);
    assert_eq!(refusal(&outbox, 1), Some(Refusal::NotAwaited));
    outbox.detach(3, false);
    outbox.give_up();
    assert_eq!(refusal(&outbox, 1), Some(Refusal::NotAwaited));
}

#[test]
fn a_stream_that_was_too_slow_has_lost_too_much() {
    let limits = OutboxLimits {
        events: 2,
        ..OutboxLimits::default()
    };
    let (outbox, reader) = told(limits, &[("a", 1)]);
    (0..5).for_each(|_| outbox.push(None, ServerEvent::Pong));
    assert_eq!(outbox.detach(reader, false), Parting::Left);
    assert_eq!(refusal(&outbox, 1), Some(Refusal::NotAwaited));
}

#[test]
fn where_nothing_is_kept_nobody_is_awaited() {
    let limits = OutboxLimits {
        replay_us: 0,
        ..OutboxLimits::default()
    };
    let (outbox, reader) = told(limits, &[("a", 1)]);
    assert_eq!(outbox.lock().replay.kept(), 0);
    assert_eq!(refusal(&outbox, 1), Some(Refusal::Dropped));
    assert_eq!(outbox.detach(reader + 1, false), Parting::Left);
}

#[test]
fn between_turns_nothing_is_held() {
    let (outbox, reader) = told(OutboxLimits::default(), &[("a", 1), ("b", 2)]);
    for n in 0..2_000 {
        let at = n * 40_000;
        outbox.push(None, frame(at, VideoCodec::Jpeg, true, 10_000));
        take(&outbox, reader, at, 1);
    }
    assert_eq!(outbox.lock().replay.kept(), 0);
}

#[test]
fn a_session_that_ends_tells_who_resumes_why() {
    let (outbox, first) = told(OutboxLimits::default(), &[("a", 1), ("b", 2)]);
    outbox.detach(first, false);
    let second = outbox.attach(Some(1));
    outbox.close(Detach::ShuttingDown);
    let (got, end) = drain(&outbox, second);
    assert_eq!((words(&got).len(), end), (1, Some(Detach::ShuttingDown)));
}

#[test]
fn who_follows_one_that_came_afresh_cannot_resume() {
    let (outbox, _) = told(OutboxLimits::default(), &[("a", 1)]);
    outbox.push(Some(TurnId(1)), sound(0));
    outbox.attach(None);
    assert_eq!(refusal(&outbox, 1), Some(Refusal::Dropped));
}
