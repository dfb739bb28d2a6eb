//! Four floats at once, with a fused multiply-add where the sandbox has one.

/// Four lanes.
#[derive(Clone, Copy)]
pub(super) struct Vector(Lanes);

#[cfg(all(target_family = "wasm", target_feature = "relaxed-simd"))]
type Lanes = std::arch::wasm32::v128;
#[cfg(not(all(target_family = "wasm", target_feature = "relaxed-simd")))]
type Lanes = [f32; 4];

#[cfg(all(target_family = "wasm", target_feature = "relaxed-simd"))]
impl Vector {
    #[inline(always)]
    pub(super) fn load(values: &[f32; 4]) -> Self {
        let [a, b, c, d] = *values;
        Vector(std::arch::wasm32::f32x4(a, b, c, d))
    }

    #[inline(always)]
    pub(super) fn splat(value: f32) -> Self {
        Vector(std::arch::wasm32::f32x4_splat(value))
    }

    /// This plus `a` times `b`.
    #[inline(always)]
    pub(super) fn plus(self, a: Self, b: Self) -> Self {
        Vector(std::arch::wasm32::f32x4_relaxed_madd(a.0, b.0, self.0))
    }

    #[inline(always)]
    pub(super) fn values(self) -> [f32; 4] {
        use std::arch::wasm32::f32x4_extract_lane as lane;
        let v = self.0;
        [lane::<0>(v), lane::<1>(v), lane::<2>(v), lane::<3>(v)]
    }
}

#[cfg(not(all(target_family = "wasm", target_feature = "relaxed-simd")))]
impl Vector {
    #[inline(always)]
    pub(super) fn load(values: &[f32; 4]) -> Self {
        Vector(*values)
    }

    #[inline(always)]
    pub(super) fn splat(value: f32) -> Self {
        Vector([value; 4])
    }

    /// This plus `a` times `b`.
    #[inline(always)]
    pub(super) fn plus(self, a: Self, b: Self) -> Self {
        let mut sum = self.0;
        for ((sum, a), b) in sum.iter_mut().zip(a.0).zip(b.0) {
            *sum += a * b;
        }
        Vector(sum)
    }

    #[inline(always)]
    pub(super) fn values(self) -> [f32; 4] {
        self.0
    }
}
