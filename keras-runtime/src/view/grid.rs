//! Images in a grid: what a model sees, or makes.

use std::fmt::Write as _;
use std::path::Path;

use super::{escaped, png};
use crate::data::{IntoTensor, Tensor};
use crate::error::{Error, Result};
use crate::io::write_whole;

/// Images in rows, each with a line of text below it if that is wanted, as a PNG or SVG file.
///
/// ```
/// use keras_runtime::view::ImageGrid;
///
/// let images = ndarray::Array3::from_shape_fn((6, 8, 8), |(i, y, x)| ((x + y + i) % 8) as f32 / 7.0);
/// let grid = ImageGrid::new(&images)?.columns(3).labels((0..6).map(|i| format!("number {i}")));
/// # let path = std::env::temp_dir().join("keras-doc-grid.svg");
/// grid.save(&path)?;
/// # Ok::<(), keras_runtime::Error>(())
/// ```
#[derive(Debug, Clone)]
pub struct ImageGrid {
    /// Bytes of all images, one row of pixels after another.
    pixels: Vec<u8>,
    count: usize,
    height: usize,
    width: usize,
    channels: usize,
    columns: usize,
    scale: usize,
    labels: Vec<String>,
}

/// Between images.
const GAP: usize = 4;
/// A line of text.
const LINE: usize = 18;

impl ImageGrid {
    /// Images `[samples, height, width]`, or with an axis of 1 channel or 3 behind, or square ones of so many pixels in a row
    /// (`[samples, 784]`). Bytes go from 0 to 255, other numbers from 0 to 1: see [`ImageGrid::with_range`].
    ///
    /// # Errors
    /// When the array has another shape, or no samples.
    pub fn new<'a>(images: impl IntoTensor<'a>) -> Result<Self> {
        let images = images.into_tensor();
        let most = if matches!(images.values(), crate::data::Values::U8(_)) { 255.0 } else { 1.0 };
        ImageGrid::of(&images, 0.0, most)
    }

    /// As [`ImageGrid::new`], from black at `least` to white at `most`.
    ///
    /// # Errors
    /// When the array has another shape, or no samples, or the range is empty.
    pub fn with_range<'a>(images: impl IntoTensor<'a>, least: f64, most: f64) -> Result<Self> {
        ImageGrid::of(&images.into_tensor(), least, most)
    }

    fn of(images: &Tensor<'_>, least: f64, most: f64) -> Result<Self> {
        let shape = images.shape();
        let side = (shape.width() as f64).sqrt().round() as usize;
        let (height, width, channels) = match *shape.sample() {
            [n] if side * side == n && n > 0 => (side, side, 1),
            [height, width] => (height, width, 1),
            [height, width, channels @ (1 | 3)] => (height, width, channels),
            _ => {
                return Err(Error::Shape {
                    what: "images of a grid".into(),
                    expected: "[samples, height, width], or with an axis of 1 or 3 channels behind".into(),
                    found: format!("{shape:?}"),
                    help: "reshape them".into(),
                });
            }
        };
        if shape.rows() == 0 || height * width == 0 {
            return Err(Error::Empty { what: "images of a grid".into() });
        }
        if !(most - least).is_finite() || most <= least {
            return Err(Error::Setting {
                name: "range",
                expected: "a least number below a greatest".into(),
                found: format!("{least} to {most}"),
            });
        }
        let values = images.values();
        let byte =
            |i: usize| ((values.at(i) - least) / (most - least) * 255.0).round().clamp(0.0, 255.0) as u8;
        let pixels = (0..values.len()).map(byte).collect();
        let count = shape.rows();
        let columns = (count as f64).sqrt().ceil() as usize;
        // Small images are shown larger.
        let scale = (56 / height.max(width)).clamp(1, 8);
        Ok(ImageGrid { pixels, count, height, width, channels, columns, scale, labels: vec![] })
    }

    /// With so many images in a row; else the grid is about square.
    pub fn columns(mut self, columns: usize) -> Self {
        self.columns = columns.max(1);
        self
    }

    /// With each pixel as a square of so many.
    pub fn scale(mut self, scale: usize) -> Self {
        self.scale = scale.max(1);
        self
    }

    /// With a line of text below each image, in order. Only an SVG has them.
    pub fn labels<S: Into<String>>(mut self, labels: impl IntoIterator<Item = S>) -> Self {
        self.labels = labels.into_iter().map(Into::into).collect();
        self
    }

    /// Writes the picture, as its name ends: `.png` or `.svg`.
    ///
    /// # Errors
    /// When the name ends otherwise, or a PNG should have text in it, or the file cannot be written; one that was there before
    /// is then as it was.
    pub fn save(&self, path: impl AsRef<Path>) -> Result<()> {
        let path = path.as_ref();
        let problem =
            |problem: &str| Error::Plot { file: path.display().to_string(), problem: problem.into() };
        let end = path.extension().map(|end| end.to_string_lossy().to_lowercase());
        match end.as_deref() {
            Some("svg") => write_whole(path, self.svg().as_bytes()),
            Some("png") if !self.labels.is_empty() => {
                Err(problem("a PNG has no labels: give the file a name that ends in `.svg`"))
            }
            Some("png") => write_whole(path, &self.png()),
            _ => Err(problem("the name of a picture ends in `.png` or `.svg`")),
        }
    }

    /// Where image `i` lies among cells of this size.
    fn place(&self, i: usize, line: usize) -> (usize, usize) {
        let (row, column) = (i / self.columns, i % self.columns);
        let (width, height) = (self.width * self.scale, self.height * self.scale + line);
        (GAP + column * (width + GAP), GAP + row * (height + GAP))
    }

    /// Width and height of the picture.
    fn size(&self, line: usize) -> (usize, usize) {
        let columns = self.columns.min(self.count);
        let (right, _) = self.place(columns - 1, line);
        let (_, bottom) = self.place(self.count - 1, line);
        (right + self.width * self.scale + GAP, bottom + self.height * self.scale + line + GAP)
    }

    fn image(&self, i: usize) -> &[u8] {
        let len = self.height * self.width * self.channels;
        &self.pixels[i * len..(i + 1) * len]
    }

    fn png(&self) -> Vec<u8> {
        let (width, height) = self.size(0);
        let mut pixels = vec![255; width * height * self.channels];
        for i in 0..self.count {
            let (left, top) = self.place(i, 0);
            for y in 0..self.height * self.scale {
                for x in 0..self.width * self.scale {
                    let from = (y / self.scale * self.width + x / self.scale) * self.channels;
                    let to = ((top + y) * width + left + x) * self.channels;
                    pixels[to..to + self.channels]
                        .copy_from_slice(&self.image(i)[from..from + self.channels]);
                }
            }
        }
        png::encoded(&pixels, width, height, self.channels)
    }

    fn svg(&self) -> String {
        let line = if self.labels.is_empty() { 0 } else { LINE };
        let (width, height) = self.size(line);
        let mut svg = format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width}\" height=\"{height}\" viewBox=\"0 0 {width} {height}\" \
             font-family=\"Helvetica, Arial, sans-serif\" font-size=\"12\">\n<rect width=\"100%\" height=\"100%\" fill=\"white\"/>\n"
        );
        let (w, h) = (self.width * self.scale, self.height * self.scale);
        for i in 0..self.count {
            let (x, y) = self.place(i, line);
            let data = png::base64(&png::encoded(self.image(i), self.width, self.height, self.channels));
            let _ = writeln!(
                svg,
                "<image x=\"{x}\" y=\"{y}\" width=\"{w}\" height=\"{h}\" style=\"image-rendering:pixelated\" \
                 href=\"data:image/png;base64,{data}\"/>"
            );
            if let Some(label) = self.labels.get(i) {
                let (x, y, label) = (x + w / 2, y + h + 13, escaped(label));
                // What is too long for its image is drawn narrower.
                let letters = label.chars().count() * 7;
                let fit = if letters > w {
                    format!(" textLength=\"{w}\" lengthAdjust=\"spacingAndGlyphs\"")
                } else {
                    String::new()
                };
                let _ = writeln!(svg, "<text x=\"{x}\" y=\"{y}\" text-anchor=\"middle\"{fit}>{label}</text>");
            }
        }
        svg + "</svg>\n"
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::{Array2, Array4};

    #[test]
    fn images_have_their_places() {
        let images = Array4::from_shape_fn((5, 2, 3, 1), |(i, y, x, _)| (i * 6 + y * 3 + x) as f32 / 29.0);
        let grid = ImageGrid::new(&images).unwrap().columns(2).scale(2);
        assert_eq!(grid.size(0), (4 + 6 + 4 + 6 + 4, 4 + 3 * (4 + 4)));
        assert_eq!(grid.image(4), [24, 25, 26, 27, 28, 29].map(|x| (x as f32 / 29.0 * 255.0).round() as u8));
        assert_eq!(grid.place(3, 0), (14, 12));
        let svg = grid.labels(["a", "<b>"]).svg();
        assert_eq!((svg.matches("<image").count(), svg.matches("<text").count()), (5, 2));
        assert!(svg.contains("&lt;b&gt;"));
        // Square ones of so many numbers, and those beyond the range.
        let grid = ImageGrid::with_range(Array2::from_elem((3, 49), 2.0f32), -1.0, 1.0).unwrap();
        assert_eq!((grid.width, grid.height, grid.columns, grid.image(2)[0]), (7, 7, 2, 255));
    }

    #[test]
    fn what_is_no_image_is_told() {
        let problem = |result: Result<ImageGrid>| result.unwrap_err().to_string();
        assert!(problem(ImageGrid::new(Array2::<f32>::zeros((3, 50)))).contains("[3, 50]"));
        assert!(problem(ImageGrid::new(Array4::<u8>::zeros((3, 4, 4, 2)))).contains("3 channels"));
        assert!(problem(ImageGrid::new(Array2::<u8>::zeros((0, 49)))).contains("no samples"));
        let one = Array2::<u8>::zeros((1, 49));
        assert!(problem(ImageGrid::with_range(&one, 1.0, 1.0)).contains("1 to 1"));
        let grid = ImageGrid::new(&one).unwrap();
        assert!(grid.save("never.gif").unwrap_err().to_string().contains("`.svg`"));
        assert!(grid.labels(["a"]).save("never.png").unwrap_err().to_string().contains("no labels"));
    }
}
