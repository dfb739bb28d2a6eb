//! Elementary functions, accurate enough for audio and without branches, so that they vectorise.

/// Sine and cosine of a fraction of a full turn.
#[inline(always)]
pub(super) fn sin_cos_turns(turns: f32) -> (f32, f32) {
    // Reduced to an eighth of a turn on each side; there the Taylor series err below 4e-6.
    let quarter = (turns * 4.0).round_ties_even();
    let x = (turns - quarter * 0.25) * std::f32::consts::TAU;
    let x2 = x * x;
    let sin = x * (1.0 + x2 * (-1.0 / 6.0 + x2 * (1.0 / 120.0 - x2 * (1.0 / 5040.0))));
    let cos = 1.0 + x2 * (-0.5 + x2 * (1.0 / 24.0 + x2 * (-1.0 / 720.0 + x2 * (1.0 / 40320.0))));
    match (quarter as i32) & 3 {
        0 => (sin, cos),
        1 => (cos, -sin),
        2 => (-sin, -cos),
        _ => (-cos, sin),
    }
}

/// e^x, about 2e-7 relative, for any x (clamped to what an `f32` holds).
#[inline(always)]
pub(crate) fn exp(x: f32) -> f32 {
    let y = x.clamp(-80.0, 80.0) * std::f32::consts::LOG2_E;
    let whole = y.round_ties_even();
    let f = (y - whole) * std::f32::consts::LN_2;
    let series = 1.0 / 24.0 + f * (1.0 / 120.0 + f * (1.0 / 720.0));
    let series = 1.0 + f * (1.0 + f * (0.5 + f * (1.0 / 6.0 + f * series)));
    // multiply by 2^whole in the exponent field
    f32::from_bits(series.to_bits().wrapping_add_signed((whole as i32) << 23))
}

/// Hyperbolic tangent.
#[inline(always)]
pub(super) fn tanh(x: f32) -> f32 {
    let e = exp(-2.0 * x.abs());
    ((1.0 - e) / (1.0 + e)).copysign(x)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn close_to_the_library() {
        for i in -4000..4000 {
            let x = i as f32 * 0.0173;
            let (s, c) = sin_cos_turns(x);
            let angle = f64::from(x) * std::f64::consts::TAU;
            assert!((f64::from(s) - angle.sin()).abs() < 3e-5, "sin {x}");
            assert!((f64::from(c) - angle.cos()).abs() < 3e-5, "cos {x}");
            assert!((exp(x) / x.exp() - 1.0).abs() < 1e-5, "exp {x}");
            assert!((tanh(x) - x.tanh()).abs() < 1e-6, "tanh {x}");
        }
    }
}
