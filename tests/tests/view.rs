//! Summaries and drawings of models.

use keras_runtime::prelude::*;
use keras_runtime::view::Summary;

keras_model! {
    Encoder = dense(8, relu, input = 4) >> dense(2)
    cell counter(x: [2]; total: [2]) -> [2] {
        let sum = total + (x >> dense(2, tanh));
        (sum, sum)
    }
    Again(x: [4]) {
        let same = dense(4, relu, name = "a_name_that_is_longer_than_all_that_is_told_below_it");
        x >> same >> same >> dense(4) >> same
    }
    Whole(a: [4], b: [4], sequence: [5, 2]) -> (distance: [2], counts: [5, 2]) {
        let skipped = a + b;
        let near = (a >> Encoder) - (b >> Encoder(trainable = false, name = "fixed"));
        (near + (skipped >> dense(2)), sequence >> counter(return_sequences = true))
    }
}

/// The first column of the rows.
fn names(table: &str) -> Vec<String> {
    let rows = table.lines().filter_map(|line| line.strip_prefix("│ "));
    rows.map(|row| row.split('│').next().unwrap_or("").trim_end().to_string()).collect()
}

#[test]
fn a_model_within_a_model_is_one_row_until_it_is_expanded() {
    let summary = Whole::new(0).summary();
    let (table, expanded) = (summary.to_string(), summary.expand_nested().show_trainable().to_string());
    let short = names(&table);
    for row in ["encoder (Encoder)", "fixed (Encoder)", "counter (counter)"] {
        assert!(short.iter().any(|name| name == row), "{table}");
    }
    assert!(!table.contains("encoder/dense"), "{table}");
    assert!(table.contains("│      58 │ a"), "its parameters, and what feeds it: {table}");
    assert!(names(&expanded).iter().any(|name| name == "  fixed/dense_1 (Dense)"), "{expanded}");
    let fixed = expanded.lines().find(|line| line.contains("fixed (Encoder)")).expect("a row");
    assert!(fixed.contains("│ no "), "{fixed}");
}

/// Numbers of an attribute, in order.
fn attribute(line: &str, name: &str) -> Vec<f64> {
    let start = format!(" {name}=\"");
    let parts = line.split(&start).skip(1);
    parts.map(|part| part.split('"').next().unwrap_or("").parse().expect("a number")).collect()
}

#[test]
fn boxes_lie_apart_and_lines_go_down() -> Result<()> {
    let path = std::env::temp_dir().join(format!("keras-view-{}.svg", std::process::id()));
    for nested in [false, true] {
        let summary = Whole::new(0).summary();
        if nested { summary.expand_nested() } else { summary }.plot(&path)?;
        let svg = std::fs::read_to_string(&path).expect("it was written");
        let boxes: Vec<[f64; 3]> = svg
            .lines()
            .filter(|line| line.contains("rx="))
            .map(|line| [attribute(line, "x")[0], attribute(line, "y")[0], attribute(line, "width")[0]])
            .collect();
        let layers = names(&if nested { summary.expand_nested() } else { summary }.to_string());
        let open = if nested { 3 } else { 0 };
        assert_eq!(boxes.len(), layers.len() - open, "a box for each layer: {svg}");
        for (i, [x, y, _]) in boxes.iter().enumerate() {
            for [other, row, width] in &boxes[..i] {
                assert!(y != row || x >= &(other + width) || other > x, "boxes overlap at {x}, {y}");
            }
        }
        let lines: Vec<Vec<f64>> = svg
            .lines()
            .filter_map(|line| line.strip_prefix("<path d=\"M")?.split_once('"')?.0.split_once('C'))
            .map(|(start, curve)| [start, curve].join(" ").split(' ').map(|x| x.parse().unwrap()).collect())
            .collect();
        assert!(lines.len() >= layers.len() - open - 3, "lines to all but the inputs");
        assert!(lines.iter().all(|points| points[1] < points[points.len() - 1]), "a line goes up: {svg}");
    }
    std::fs::remove_file(path).expect("the test's own");
    Ok(())
}

#[test]
fn lines_to_a_layer_that_is_applied_again_go_around_all_boxes() -> Result<()> {
    let path = std::env::temp_dir().join(format!("keras-view-again-{}.svg", std::process::id()));
    Again::new(0).summary().plot(&path)?;
    let svg = std::fs::read_to_string(&path).expect("it was written");
    std::fs::remove_file(path).expect("the test's own");
    let boxes = svg.lines().filter(|line| line.contains("rx="));
    let right = boxes.map(|line| attribute(line, "x")[0] + attribute(line, "width")[0]).fold(0.0, f64::max);
    let back: Vec<&str> = svg.lines().filter(|line| line.contains("stroke-dasharray")).collect();
    assert_eq!(back.len(), 2, "from itself, and from the layer between: {svg}");
    let lane = |line: &&str| line.split_once('H')?.1.split_once('V')?.0.parse::<f64>().ok();
    let mut lanes: Vec<f64> = back.iter().filter_map(lane).collect();
    lanes.sort_by(f64::total_cmp);
    assert!(lanes.len() == 2 && lanes[0] > right && lanes[1] > lanes[0], "{lanes:?} beside {right}: {svg}");
    let width: f64 = attribute(svg.lines().next().unwrap_or(""), "width")[0];
    assert!(lanes[1] < width, "the picture ends at {width}");
    Ok(())
}

#[test]
fn a_drawing_tells_what_is_not_trained_and_can_be_of_a_part() -> Result<()> {
    let path = std::env::temp_dir().join(format!("keras-part-{}.svg", std::process::id()));
    let drawn = |summary: Summary| -> Result<String> {
        summary.plot(&path)?;
        Ok(std::fs::read_to_string(&path).expect("it was written"))
    };
    let whole = drawn(Whole::new(0).summary())?;
    assert!(!whole.contains("not trained"), "{whole}");
    let told = drawn(Whole::new(0).summary().show_trainable())?;
    assert_eq!(told.matches("not trained").count(), 1, "{told}");
    let part = drawn(Whole::new(0).summary().layer_range("encoder", "fixed")?)?;
    assert!(part.contains(">encoder<") && part.contains(">fixed<"), "{part}");
    assert!(!part.contains(">counter<") && !part.contains(">sequence<"), "{part}");
    std::fs::remove_file(&path).expect("it is there");
    Ok(())
}
