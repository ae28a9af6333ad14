//! Which classes are taken for which.

use std::fmt::{self, Write as _};
use std::path::Path;

use super::escaped;
use crate::error::{Error, Result};
use crate::io::write_whole;

/// How often each class was taken for each: a row for what is true, a column for what was predicted. Print it, or draw it.
///
/// ```
/// use keras_runtime::view::ConfusionMatrix;
///
/// let truth: [u8; 6] = [0, 1, 2, 2, 1, 2];
/// let predicted = [0, 1, 1, 2, 1, 2];              // what `predict_classes` gives
/// let matrix = ConfusionMatrix::new(&truth, &predicted)?.labels(["cat", "dog", "owl"])?;
/// assert_eq!(matrix.count(2, 1), 1);
/// assert_eq!(matrix.recall(2), Some(2.0 / 3.0));
/// println!("{matrix}");
/// # let path = std::env::temp_dir().join("keras-doc-confusion.svg");
/// matrix.plot(&path)?;
/// # Ok::<(), keras_runtime::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConfusionMatrix {
    labels: Vec<String>,
    /// Rows of the true classes.
    counts: Vec<usize>,
}

/// Classes that are counted at most: a picture has a cell for each pair.
const MOST: usize = 1000;

impl ConfusionMatrix {
    /// Counts pairs of what is true and what was predicted, as many classes as are named in either.
    ///
    /// # Errors
    /// When there are not as many of both, or none, or one of them is no class.
    pub fn new<T, P>(truth: &[T], predicted: &[P]) -> Result<Self>
    where
        T: Copy + TryInto<usize>,
        P: Copy + TryInto<usize>,
    {
        if truth.len() != predicted.len() {
            return Err(Error::Rows {
                what: "the predictions".into(),
                found: predicted.len(),
                other: "the truth".into(),
                expected: truth.len(),
            });
        }
        if truth.is_empty() {
            return Err(Error::Empty { what: "the truth".into() });
        }
        let (truth, predicted) = (classes("the truth", truth)?, classes("the predictions", predicted)?);
        let classes = truth.iter().chain(&predicted).max().map_or(0, |last| last + 1);
        let mut counts = vec![0; classes * classes];
        for (truth, predicted) in truth.into_iter().zip(predicted) {
            counts[truth * classes + predicted] += 1;
        }
        Ok(ConfusionMatrix { labels: (0..classes).map(|class| class.to_string()).collect(), counts })
    }

    /// With names of the classes, in their order; there may be more than were seen.
    ///
    /// # Errors
    /// When there are fewer than classes.
    pub fn labels<S: Into<String>>(self, labels: impl IntoIterator<Item = S>) -> Result<Self> {
        let labels: Vec<String> = labels.into_iter().map(Into::into).collect();
        let (old, new) = (self.labels.len(), labels.len());
        if new < old {
            return Err(Error::Count {
                what: "labels of a confusion matrix".into(),
                expected: old,
                found: new,
                help: "give one for each class, in their order".into(),
            });
        }
        let mut counts = vec![0; new * new];
        for (row, own) in counts.chunks_exact_mut(new).zip(self.counts.chunks_exact(old)) {
            row[..old].copy_from_slice(own);
        }
        Ok(ConfusionMatrix { labels, counts })
    }

    /// Number of classes.
    pub fn classes(&self) -> usize {
        self.labels.len()
    }

    /// How often `predicted` was predicted where `truth` is true; never, of what is no class.
    pub fn count(&self, truth: usize, predicted: usize) -> usize {
        let classes = self.classes();
        let is_class = truth < classes && predicted < classes;
        if is_class { self.counts[truth * classes + predicted] } else { 0 }
    }

    /// The share of right predictions.
    pub fn accuracy(&self) -> f64 {
        let right: usize = (0..self.classes()).map(|class| self.count(class, class)).sum();
        right as f64 / self.counts.iter().sum::<usize>() as f64
    }

    /// Of what is of a class, the share that was predicted to be; nothing, if there is none.
    pub fn recall(&self, class: usize) -> Option<f64> {
        let all: usize = (0..self.classes()).map(|predicted| self.count(class, predicted)).sum();
        (all > 0).then(|| self.count(class, class) as f64 / all as f64)
    }

    /// Of what was predicted to be of a class, the share that is; nothing, if there is none.
    pub fn precision(&self, class: usize) -> Option<f64> {
        let all: usize = (0..self.classes()).map(|truth| self.count(truth, class)).sum();
        (all > 0).then(|| self.count(class, class) as f64 / all as f64)
    }

    /// Draws it into an SVG file: the darker a cell, the greater its share of its row.
    ///
    /// # Errors
    /// When the file cannot be written; one that was there before is then as it was.
    pub fn plot(&self, path: impl AsRef<Path>) -> Result<()> {
        write_whole(path.as_ref(), self.picture().as_bytes())
    }

    fn picture(&self) -> String {
        let n = self.classes();
        let longest = |texts: &mut dyn Iterator<Item = usize>| texts.max().unwrap_or(1) as f64;
        let letters = longest(&mut self.labels.iter().map(|label| label.chars().count()));
        let digits = longest(&mut self.counts.iter().map(|count| count.to_string().len()));
        let cell = (digits * 8.0 + 14.0).max(34.0);
        // Long names stand aslant above their columns.
        let slant = letters * 7.5 + 8.0 > cell;
        let (left, head) = (letters * 7.5 + 46.0, if slant { letters * 5.4 + 44.0 } else { 58.0 });
        let side = cell * n as f64;
        let right = if slant { letters * 5.4 } else { 0.0 } + 20.0;
        let (width, height) = (left + side + right, head + side + 20.0);
        let mut svg = format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width:.0}\" height=\"{height:.0}\" \
             viewBox=\"0 0 {width:.0} {height:.0}\" font-family=\"Helvetica, Arial, sans-serif\" font-size=\"13\">\n\
             <rect width=\"100%\" height=\"100%\" fill=\"white\"/>\n\
             <text x=\"{:.1}\" y=\"18\" text-anchor=\"middle\" fill=\"#445\">predicted</text>\n\
             <text transform=\"translate(18 {:.1}) rotate(-90)\" text-anchor=\"middle\" fill=\"#445\">true</text>\n",
            left + side / 2.0,
            head + side / 2.0,
        );
        for (i, label) in self.labels.iter().enumerate() {
            let (at, label) = ((i as f64 + 0.5) * cell, escaped(label));
            let (x, y) = (left + at, head - 8.0);
            let column = match slant {
                true => format!("transform=\"translate({:.1} {y:.1}) rotate(-45)\"", x + 4.0),
                false => format!("x=\"{x:.1}\" y=\"{y:.1}\" text-anchor=\"middle\""),
            };
            let _ = writeln!(
                svg,
                "<text {column}>{label}</text><text x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"end\">{label}</text>",
                left - 8.0,
                head + at + 4.5
            );
        }
        for truth in 0..n {
            let total: usize = (0..n).map(|predicted| self.count(truth, predicted)).sum();
            for predicted in 0..n {
                let count = self.count(truth, predicted);
                let share = count as f64 / total.max(1) as f64;
                let (x, y) = (left + predicted as f64 * cell, head + truth as f64 * cell);
                let _ = writeln!(
                    svg,
                    "<rect x=\"{x:.1}\" y=\"{y:.1}\" width=\"{cell:.1}\" height=\"{cell:.1}\" fill=\"{}\" stroke=\"#dde\"/>\
                     <text x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"middle\" fill=\"{}\">{count}</text>",
                    shade(share),
                    x + cell / 2.0,
                    y + cell / 2.0 + 4.5,
                    match () {
                        () if count == 0 => "#bbc",
                        () if share > 0.55 => "white",
                        () => "#223",
                    }
                );
            }
        }
        svg + "</svg>\n"
    }
}

/// From white to a dark blue.
fn shade(share: f64) -> String {
    // Few mistakes should be seen as well.
    let depth = share.clamp(0.0, 1.0).sqrt();
    let part = |end: f64| (255.0 + (end - 255.0) * depth).round() as u8;
    format!("#{:02x}{:02x}{:02x}", part(24.0), part(76.0), part(150.0))
}

fn classes<T: Copy + TryInto<usize>>(what: &str, all: &[T]) -> Result<Vec<usize>> {
    let class = |(sample, class): (usize, &T)| match (*class).try_into() {
        Ok(class) if class < MOST => Ok(class),
        other => Err(Error::Label {
            what: what.into(),
            label: other.map_or(-1.0, |class| class as f64),
            sample,
            last: MOST - 1,
            help: "classes are counted from 0 on".into(),
        }),
    };
    all.iter().enumerate().map(class).collect()
}

impl fmt::Display for ConfusionMatrix {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let n = self.classes();
        let name = self.labels.iter().map(|label| label.chars().count()).max().unwrap_or(0).max(4);
        let width = |class: usize| {
            let counts = (0..n).map(|truth| self.count(truth, class).to_string().len());
            counts.max().unwrap_or(1).max(self.labels[class].chars().count())
        };
        let widths: Vec<usize> = (0..n).map(width).collect();
        write!(f, "{:>name$} │", "true")?;
        for (label, width) in self.labels.iter().zip(&widths) {
            write!(f, " {label:>width$}")?;
        }
        writeln!(f, " │ recall")?;
        let line: usize = widths.iter().map(|width| width + 1).sum();
        writeln!(f, "{}─┼{}─┼───────", "─".repeat(name), "─".repeat(line))?;
        let share = |share: Option<f64>| share.map_or("-".to_string(), |share| format!("{share:.3}"));
        for (truth, label) in self.labels.iter().enumerate() {
            write!(f, "{label:>name$} │")?;
            for (predicted, width) in widths.iter().enumerate() {
                write!(f, " {:>width$}", self.count(truth, predicted))?;
            }
            writeln!(f, " │ {:>6}", share(self.recall(truth)))?;
        }
        write!(f, "accuracy {:.4}", self.accuracy())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pairs_are_counted() {
        let matrix = ConfusionMatrix::new(&[0u8, 1, 2, 2, 1, 2, 0], &[0usize, 1, 1, 2, 1, 2, 2]).unwrap();
        assert_eq!((matrix.classes(), matrix.count(0, 2), matrix.count(9, 0)), (3, 1, 0));
        assert_eq!((matrix.recall(0), matrix.precision(2)), (Some(0.5), Some(2.0 / 3.0)));
        assert_eq!(matrix.accuracy(), 5.0 / 7.0);
        let named = matrix.labels(["a", "<b>", "c", "never"]).unwrap();
        assert_eq!((named.count(2, 1), named.recall(3), named.accuracy()), (1, None, 5.0 / 7.0));
        let text = named.to_string();
        assert_eq!(
            text.lines().collect::<Vec<_>>(),
            [
                " true │ a <b> c never │ recall",
                "──────┼───────────────┼───────",
                "    a │ 1   0 1     0 │  0.500",
                "  <b> │ 0   2 0     0 │  1.000",
                "    c │ 0   1 2     0 │  0.667",
                "never │ 0   0 0     0 │      -",
                "accuracy 0.7143",
            ]
        );
        assert!(named.picture().contains("&lt;b&gt;"));
        assert_eq!(named.picture().matches("<rect").count(), 1 + 16);
    }

    #[test]
    fn what_is_no_class_is_told() {
        let problem = |result: Result<ConfusionMatrix>| result.unwrap_err().to_string();
        assert!(problem(ConfusionMatrix::new(&[0u8, 1], &[0u8])).contains("1 samples"));
        assert!(problem(ConfusionMatrix::new::<u8, u8>(&[], &[])).contains("no samples"));
        assert!(problem(ConfusionMatrix::new(&[0i32, -1], &[0usize, 1])).contains("sample 1"));
        assert!(problem(ConfusionMatrix::new(&[0usize], &[1u64 << 40])).contains("the predictions"));
        let matrix = ConfusionMatrix::new(&[0u8, 1], &[0u8, 1]).unwrap();
        assert!(problem(matrix.labels(["one"])).contains("expected 2, found 1"));
    }
}
