//! The silhouette: head and shoulders in soft light, drawn from distances to simple shapes.

use mock_kit::picture;
use tth_sdk::Error;

const QUALITY: u8 = 88;

type Colour = [f32; 3];

/// Backdrop at the top and at the bottom, figure in shade and in light.
struct Palette {
    top: Colour,
    bottom: Colour,
    shade: Colour,
    light: Colour,
}

const PALETTES: [Palette; 4] = [
    Palette {
        top: [226.0, 232.0, 242.0],
        bottom: [190.0, 202.0, 222.0],
        shade: [86.0, 104.0, 138.0],
        light: [128.0, 148.0, 184.0],
    },
    Palette {
        top: [250.0, 236.0, 222.0],
        bottom: [238.0, 204.0, 184.0],
        shade: [150.0, 94.0, 84.0],
        light: [196.0, 138.0, 120.0],
    },
    Palette {
        top: [226.0, 242.0, 232.0],
        bottom: [184.0, 214.0, 198.0],
        shade: [72.0, 112.0, 98.0],
        light: [112.0, 156.0, 138.0],
    },
    Palette {
        top: [240.0, 230.0, 246.0],
        bottom: [212.0, 194.0, 226.0],
        shade: [106.0, 84.0, 134.0],
        light: [150.0, 126.0, 180.0],
    },
];

/// Draw it as a JPEG. Each look has its own colours, always the same ones.
///
/// # Errors
/// `internal` where the picture cannot be encoded.
pub(crate) fn draw(width: u32, height: u32, look: &str) -> Result<Vec<u8>, Error> {
    let palette = palette(look);
    let side = width.min(height) as f32;
    let mut rgb = Vec::with_capacity(width as usize * height as usize * 3);
    for row in 0..height {
        for column in 0..width {
            // The square in the middle is 1 high; y grows downwards from its centre.
            let x = (column as f32 + 0.5 - width as f32 / 2.0) / side;
            let y = (row as f32 + 0.5 - height as f32 / 2.0) / side;
            let down = (row as f32 + 0.5) / height as f32;
            let colour = shade(palette, x, y, down, 1.0 / side);
            rgb.extend(colour.map(|part| part.round().clamp(0.0, 255.0) as u8));
        }
    }
    picture::jpeg(&rgb, width, height, QUALITY)
}

fn palette(look: &str) -> &'static Palette {
    let sum = look.bytes().fold(0usize, |sum, byte| {
        sum.wrapping_mul(31).wrapping_add(byte.into())
    });
    PALETTES.get(sum % PALETTES.len()).unwrap_or(&PALETTES[0])
}

/// The colour of one place; `pixel` is the width of a pixel, over which edges are softened.
fn shade(palette: &Palette, x: f32, y: f32, down: f32, pixel: f32) -> Colour {
    let mut colour = mix(palette.top, palette.bottom, smooth(down));
    // A glow behind the head lifts the figure off the backdrop.
    let glow = (1.0 - (x * x + (y + 0.1) * (y + 0.1)).sqrt() / 0.62).max(0.0);
    colour = mix(colour, [255.0; 3], 0.45 * smooth(glow));

    let body = shoulders(x, y).min(ellipse(x, y - 0.17, 0.095, 0.17));
    let head = ellipse(x, y + 0.07, 0.175, 0.22);
    // Light comes from the upper left.
    let lit = smooth((0.5 - 0.9 * x - 0.8 * (y + 0.05)).clamp(0.0, 1.0));
    let figure = mix(palette.shade, palette.light, lit);
    colour = mix(colour, figure, cover(body, pixel));
    // The shadow of the chin on the neck parts head and body.
    let chin = (1.0 - head.max(0.0) / 0.09).clamp(0.0, 1.0) * cover(body, pixel);
    colour = mix(
        colour,
        palette.shade.map(|part| part * 0.8),
        0.55 * chin * f32::from(y > 0.0),
    );
    mix(colour, mix(figure, [255.0; 3], 0.12), cover(head, pixel))
}

/// Signed distance to an ellipse at the origin, near enough for its edge.
fn ellipse(x: f32, y: f32, rx: f32, ry: f32) -> f32 {
    let outside = ((x / rx).powi(2) + (y / ry).powi(2)).sqrt();
    let slope = ((x / (rx * rx)).powi(2) + (y / (ry * ry)).powi(2)).sqrt();
    if slope > 0.0 {
        outside * (outside - 1.0) / slope
    } else {
        -rx.min(ry)
    }
}

/// Shoulders: an ellipse that goes on straight down to the edge of the picture.
fn shoulders(x: f32, y: f32) -> f32 {
    ellipse(x, (y - 0.47).min(0.0), 0.37, 0.26)
}

/// How much of a pixel is covered by a shape at this distance.
fn cover(distance: f32, pixel: f32) -> f32 {
    (0.5 - distance / pixel).clamp(0.0, 1.0)
}

fn smooth(t: f32) -> f32 {
    let t = t.clamp(0.0, 1.0);
    t * t * (3.0 - 2.0 * t)
}

fn mix(a: Colour, b: Colour, t: f32) -> Colour {
    let ([a0, a1, a2], [b0, b1, b2]) = (a, b);
    [a0 + (b0 - a0) * t, a1 + (b1 - a1) * t, a2 + (b2 - a2) * t]
}
