//! How many slots (25 ms) each phoneme takes at a rate.

/// The most slots that one phoneme may owe to, or have from, the ones before it.
const MAX_DEBT: f32 = 4.0;
/// Slots of silence that are left before the first sound: it is cut, but the net counts on some.
const LEAD_SLOTS: i32 = 6;

/// Whole slots for each id. The error of rounding is carried to the next phoneme, so that the
/// length follows the rate although a phoneme cannot be shorter than one slot.
///
/// `raw`: durations at normal speed in slots, edges included.
pub(crate) fn at_rate(raw: &[f32], rate: f32) -> Vec<i32> {
    let mut debt = 0.0f32;
    let last = raw.len().saturating_sub(1);
    let slots = raw.iter().enumerate().map(|(i, raw)| {
        if i == 0 || i == last {
            return (raw.round() as i32).max(1);
        }
        let wanted = raw.max(0.0) / rate + debt;
        let slots = wanted.round().max(1.0);
        debt = (wanted - slots).clamp(-MAX_DEBT, MAX_DEBT);
        slots as i32
    });
    let mut slots: Vec<i32> = slots.collect();
    if let Some(lead) = slots.first_mut() {
        *lead = (*lead).min(LEAD_SLOTS);
    }
    slots
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn length_follows_the_rate() {
        let raw: Vec<f32> = (0..80).map(|i| 1.0 + (i % 5) as f32).collect();
        let inner: f32 = raw[1..79].iter().sum();
        for rate in [0.5, 0.8, 1.0, 1.18, 1.5, 2.0] {
            let slots = at_rate(&raw, rate);
            let sum: i32 = slots[1..79].iter().sum();
            assert!(
                (sum as f32 * rate / inner - 1.0).abs() < 0.03,
                "{rate}: {sum} of {inner}"
            );
            assert!(slots.iter().all(|s| *s >= 1));
        }
        assert_eq!(
            at_rate(&[9.0, 2.0, 3.02, 1.0, 9.0], 1.0),
            [LEAD_SLOTS, 2, 3, 1, 9]
        );
    }
}
