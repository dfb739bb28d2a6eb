//! Curves from points: splines, ribbons, regions between two curves, ellipses.
#![allow(clippy::indexing_slicing)] // Numeric kernel: every index is derived from the slice's own length.

use super::{BezPath, Point, pt};

/// Distance of a Bezier's handle for a quarter circle of radius one.
const QUARTER: f64 = 0.5523;

/// The point a fraction `t` of the way from `a` to `b`.
pub fn mix(a: Point, b: Point, t: f64) -> Point {
    pt(a.x + (b.x - a.x) * t, a.y + (b.y - a.y) * t)
}

/// A uniform Catmull-Rom spline through `points`, as cubic Beziers. Fewer than two points give an empty path.
pub fn spline(points: &[Point], closed: bool) -> BezPath {
    let mut path = BezPath::with_capacity(points.len() + 2);
    if points.len() >= 2 {
        path.move_to(points[0]);
        extend(&mut path, points, closed);
        if closed {
            path.close_path();
        }
    }
    path
}

/// Continues `path`, which stands at `points[0]`, through the other points.
fn extend(path: &mut BezPath, points: &[Point], closed: bool) {
    let count = points.len() as isize;
    let at = |i: isize| {
        let i = if closed {
            i.rem_euclid(count)
        } else {
            i.clamp(0, count - 1)
        };
        points[i as usize]
    };
    for i in 0..(if closed { count } else { count - 1 }) {
        let (before, from, to, after) = (at(i - 1), at(i), at(i + 1), at(i + 2));
        path.curve_to(from + (to - before) / 6.0, to - (after - from) / 6.0, to);
    }
}

/// A closed path of straight lines.
pub fn polygon(points: &[Point]) -> BezPath {
    let mut path = BezPath::with_capacity(points.len() + 1);
    for (i, point) in points.iter().enumerate() {
        if i == 0 {
            path.move_to(*point)
        } else {
            path.line_to(*point)
        }
    }
    if !points.is_empty() {
        path.close_path();
    }
    path
}

/// An ellipse with radii `rx`, `ry`, turned by `turn` radians.
pub fn ellipse(centre: Point, rx: f64, ry: f64, turn: f64) -> BezPath {
    let (sin, cos) = turn.sin_cos();
    let at = |x: f64, y: f64| {
        pt(
            centre.x + x * rx * cos - y * ry * sin,
            centre.y + x * rx * sin + y * ry * cos,
        )
    };
    let k = QUARTER;
    let mut path = BezPath::with_capacity(6);
    path.move_to(at(1.0, 0.0));
    path.curve_to(at(1.0, k), at(k, 1.0), at(0.0, 1.0));
    path.curve_to(at(-k, 1.0), at(-1.0, k), at(-1.0, 0.0));
    path.curve_to(at(-1.0, -k), at(-k, -1.0), at(0.0, -1.0));
    path.curve_to(at(k, -1.0), at(1.0, -k), at(1.0, 0.0));
    path.close_path();
    path
}

/// A tapering stroke: a closed outline around `centre`, `half` units to either side of each of its points.
/// The shorter of the two slices decides how many points are used.
pub fn ribbon(centre: &[Point], half: &[f64]) -> BezPath {
    let count = centre.len().min(half.len());
    if count < 2 {
        return BezPath::new();
    }
    let mut outline = Vec::with_capacity(count * 2);
    let mut back = Vec::with_capacity(count);
    for i in 0..count {
        let along = centre[(i + 1).min(count - 1)] - centre[i.saturating_sub(1)];
        let length = along.hypot().max(1e-3);
        let (nx, ny) = (-along.y / length * half[i], along.x / length * half[i]);
        outline.push(pt(centre[i].x + nx, centre[i].y + ny));
        back.push(pt(centre[i].x - nx, centre[i].y - ny));
    }
    outline.extend(back.into_iter().rev());
    spline(&outline, true)
}

/// The region between two curves that run in the same direction.
pub fn between(first: &[Point], second: &[Point]) -> BezPath {
    let mut path = spline(first, false);
    let reversed: Vec<Point> = second.iter().rev().copied().collect();
    if let Some(start) = reversed.first() {
        if path.is_empty() {
            path.move_to(*start)
        } else {
            path.line_to(*start)
        }
        extend(&mut path, &reversed, false);
        path.close_path();
    }
    path
}

#[cfg(test)]
mod tests {
    use super::*;
    use vello_cpu::kurbo::Shape;

    #[test]
    fn a_spline_passes_through_its_points() {
        let points = [pt(0.0, 0.0), pt(10.0, 5.0), pt(20.0, -3.0)];
        let ends: Vec<Point> = spline(&points, false)
            .segments()
            .map(|s| vello_cpu::kurbo::ParamCurve::end(&s))
            .collect();
        assert_eq!(ends, points[1..]);
    }

    #[test]
    fn shapes_have_the_area_one_expects() {
        let square = polygon(&[pt(0.0, 0.0), pt(2.0, 0.0), pt(2.0, 3.0), pt(0.0, 3.0)]);
        assert!((square.area().abs() - 6.0).abs() < 1e-9);
        let round = ellipse(pt(3.0, 4.0), 2.0, 1.0, 0.4);
        assert!((round.area().abs() - std::f64::consts::PI * 2.0).abs() < 0.02);
        let strip = between(
            &[pt(0.0, 0.0), pt(5.0, 0.0), pt(10.0, 0.0)],
            &[pt(0.0, 2.0), pt(5.0, 2.0), pt(10.0, 2.0)],
        );
        assert!((strip.area().abs() - 20.0).abs() < 1e-6);
        // The ends are rounded outwards by the spline.
        let stroke = ribbon(
            &[pt(0.0, 0.0), pt(5.0, 0.0), pt(10.0, 0.0)],
            &[1.0, 1.0, 1.0],
        );
        assert!(
            stroke.area().abs() > 20.0 && stroke.area().abs() < 26.0,
            "{}",
            stroke.area()
        );
    }

    #[test]
    fn too_few_points_draw_nothing() {
        assert!(spline(&[pt(1.0, 1.0)], true).is_empty());
        assert!(ribbon(&[pt(1.0, 1.0)], &[1.0]).is_empty());
        assert!(polygon(&[]).is_empty());
    }
}
