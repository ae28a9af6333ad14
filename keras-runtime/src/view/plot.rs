//! A training history as a picture.

use std::path::Path;

use plotters::prelude::*;

use crate::error::{Error, Result};
use crate::io::write_whole;
use crate::train::History;

const WIDTH: u32 = 760;
const PANEL: u32 = 300;
const TRAINING: RGBColor = RGBColor(31, 119, 180);
const VALIDATION: RGBColor = RGBColor(255, 127, 14);

/// One panel for the loss and one for each metric, training and validation in each.
pub(crate) fn plot_history(history: &History, path: &Path) -> Result<()> {
    let mut picture = String::new();
    draw(history, &mut picture)
        .map_err(|error| Error::Plot { file: path.display().to_string(), problem: error.to_string() })?;
    write_whole(path, picture.as_bytes())
}

fn draw(history: &History, picture: &mut String) -> std::result::Result<(), Box<dyn std::error::Error>> {
    let measures = history.measures();
    let area = SVGBackend::with_string(picture, (WIDTH, PANEL * measures.len() as u32)).into_drawing_area();
    area.fill(&WHITE)?;
    let epochs: Vec<f64> = history.epochs().iter().map(|epoch| *epoch as f64 + 1.0).collect();
    let last = area.split_evenly((measures.len(), 1)).len() - 1;
    for (i, (panel, name)) in area.split_evenly((measures.len(), 1)).iter().zip(&measures).enumerate() {
        let curves =
            [("training", name.clone(), TRAINING), ("validation", format!("val_{name}"), VALIDATION)];
        let curves = curves.map(|(label, column, color)| (label, history.curve(&column), color));
        let values = || {
            curves
                .iter()
                .filter_map(|(_, values, _)| values.as_ref())
                .flatten()
                .map(|(_, value)| *value)
                .filter(|v| v.is_finite())
        };
        let (low, high) =
            values().fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), v| (low.min(v), high.max(v)));
        let (low, high) = if low.is_finite() { (low, high) } else { (0.0, 1.0) };
        let margin = ((high - low) * 0.06).max(1e-6);
        let first = epochs.first().copied().unwrap_or(1.0);
        let end = epochs.last().copied().unwrap_or(1.0).max(first + 1.0);
        let mut chart = ChartBuilder::on(panel)
            .margin(14)
            .margin_right(24)
            .x_label_area_size(if i == last { 44 } else { 26 })
            .y_label_area_size(66)
            .build_cartesian_2d(first..end, low - margin..high + margin)?;
        let count = epochs.len().clamp(2, 11);
        let y_label = |y: &f64| if high - low < 0.05 { format!("{y:.3}") } else { format!("{y:.2}") };
        let x_label = |x: &f64| format!("{x:.0}");
        let mut mesh = chart.configure_mesh();
        mesh.light_line_style(TRANSPARENT)
            .bold_line_style(RGBColor(228, 228, 228))
            .axis_style(RGBColor(110, 110, 110))
            .x_labels(count)
            .x_label_formatter(&x_label)
            .y_labels(6)
            .y_label_formatter(&y_label)
            .label_style(("sans-serif", 13))
            .axis_desc_style(("sans-serif", 15))
            .y_desc(name.as_str());
        if i == last {
            mesh.x_desc("epoch");
        }
        mesh.draw()?;
        for (label, values, color) in curves {
            let Some(values) = values else { continue };
            let points: Vec<(f64, f64)> = values.into_iter().filter(|(_, v)| v.is_finite()).collect();
            let dots = points.clone();
            chart
                .draw_series(LineSeries::new(points, color.stroke_width(2)))?
                .label(label)
                .legend(move |(x, y)| PathElement::new([(x, y), (x + 22, y)], color.stroke_width(2)));
            chart.draw_series(dots.into_iter().map(|point| Circle::new(point, 3, color.filled())))?;
        }
        let place = if name.ends_with("loss") {
            SeriesLabelPosition::UpperRight
        } else {
            SeriesLabelPosition::LowerRight
        };
        chart
            .configure_series_labels()
            .position(place)
            .background_style(WHITE.mix(0.85))
            .border_style(RGBColor(200, 200, 200))
            .label_font(("sans-serif", 13))
            .draw()?;
    }
    area.present()?;
    drop(area);
    Ok(())
}
