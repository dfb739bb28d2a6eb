//! Turns a display list into pixels.
//!
//! One rasteriser serves one frame size and keeps its buffers from frame to frame. The result is fully
//! opaque RGBA, row by row.

use crate::{
    rig::View,
    shape::{Clip, DESIGN, Paint, Scene, pt},
};
use vello_cpu::{
    Pixmap, RenderContext, Resources,
    kurbo::{Affine, Cap, Stroke},
};

/// In a portrait frame the square may overhang the sides this much: nothing but shoulders is lost.
const CROP: f64 = 0.86;
/// The share of a portrait frame's spare height that goes above the head.
const HEADROOM: f64 = 0.4;

/// How the design square lies in a frame.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Fit {
    scale: f64,
    left: f64,
    top: f64,
}

impl Fit {
    /// Landscape: the square is as high as the frame, and the backdrop fills both sides. Portrait: it is
    /// somewhat wider than the frame, and backdrop and body fill what is left above and below.
    fn new(width: f64, height: f64) -> Fit {
        let scale = (height / DESIGN).min(
            width
                / (DESIGN
                    * if height > width {
                        CROP.max(width / height)
                    } else {
                        1.0
                    }),
        );
        Fit {
            scale,
            left: (width - DESIGN * scale) / 2.0,
            top: (height - DESIGN * scale).max(0.0) * HEADROOM,
        }
    }
}

/// Rasterises scenes at one frame size.
pub struct Raster {
    context: RenderContext,
    resources: Resources,
    pixels: Pixmap,
    place: Affine,
    view: View,
}

impl std::fmt::Debug for Raster {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Raster")
            .field("view", &self.view)
            .finish_non_exhaustive()
    }
}

impl Raster {
    /// For frames of `width` by `height` pixels.
    pub fn new(width: u16, height: u16) -> Raster {
        let (w, h) = (f64::from(width), f64::from(height));
        let fit = Fit::new(w, h);
        let design = |x: f64, y: f64| pt((x - fit.left) / fit.scale, (y - fit.top) / fit.scale);
        Raster {
            context: RenderContext::new(width, height),
            resources: Resources::new(),
            pixels: Pixmap::new(width, height),
            place: Affine::translate((fit.left, fit.top)) * Affine::scale(fit.scale),
            view: View {
                from: design(0.0, 0.0),
                to: design(w, h),
            },
        }
    }

    /// What part of the design plane a frame shows.
    pub fn view(&self) -> View {
        self.view
    }

    /// Paints the scene and returns its pixels: RGBA, 4 bytes each, valid until the next call.
    pub fn render(&mut self, scene: &Scene) -> &[u8] {
        let context = &mut self.context;
        context.reset();
        context.set_transform(self.place);
        let mut clip = Clip::None;
        for shape in scene.shapes() {
            if shape.clip != clip {
                if clip != Clip::None {
                    context.pop_clip();
                }
                if let Some(outline) = scene.outline(shape.clip) {
                    context.push_clip_path(outline);
                }
                clip = shape.clip;
            }
            match &shape.paint {
                Paint::Solid(colour) => context.set_paint(*colour),
                Paint::Gradient(gradient, space) => {
                    context.set_paint_transform(*space);
                    context.set_paint(gradient.clone());
                }
            }
            match shape.stroke {
                None => context.fill_path(&shape.path),
                Some(width) => {
                    context.set_stroke(Stroke::new(width).with_caps(Cap::Round));
                    context.stroke_path(&shape.path);
                }
            }
        }
        if clip != Clip::None {
            context.pop_clip();
        }
        context.flush();
        context.render(&mut self.pixels, &mut self.resources);
        self.pixels.data_as_u8_slice()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_square_frame_shows_the_design_square() {
        let view = Raster::new(384, 384).view();
        assert_eq!((view.from, view.to), (pt(0.0, 0.0), pt(512.0, 512.0)));
    }

    #[test]
    fn every_frame_shows_the_whole_head() {
        for (width, height) in [
            (1280, 720),
            (64, 64),
            (360, 640),
            (640, 64),
            (64, 1280),
            (400, 440),
        ] {
            let view = Raster::new(width, height).view();
            assert!(
                view.from.x <= 110.0 && view.to.x >= 402.0,
                "{width}x{height}: {view:?}"
            );
            assert!(
                view.from.y <= 40.0 && view.to.y >= 420.0,
                "{width}x{height}: {view:?}"
            );
            let (across, down) = (
                f64::from(width) / (view.to.x - view.from.x),
                f64::from(height) / (view.to.y - view.from.y),
            );
            assert!((across - down).abs() < 1e-9, "pixels stay square");
        }
    }
}
