//! A model as a picture: boxes for layers from top to bottom, lines for what feeds what, as SVG.
//!
//! Layered drawing (Sugiyama, Tagawa and Toda, 1981): a layer stands below all that feed it; lines that pass others have
//! places of their own between them; each row is ordered by the means of its neighbours, to cross few lines.

use std::collections::HashMap;
use std::fmt::Write;

use super::rows::Row;
use super::summary::grouped;
use crate::compiled::Spec;
use crate::error::batched;

const BOX_HEIGHT: f64 = 40.0;
/// From one row of boxes to the next.
const ROW: f64 = 74.0;
/// Between boxes of a row.
const GAP: f64 = 28.0;
const MARGIN: f64 = 20.0;
/// Width of a letter, about: fonts differ.
const LETTER: f64 = 6.9;
/// Width of a letter of a name: names are bold.
const NAME_LETTER: f64 = 7.5;
/// How far a line that goes back up keeps from what it passes.
const BACK: f64 = 10.0;
/// How often places are mended.
const SWEEPS: usize = 24;

/// A box, or a place where a long line passes a row.
struct Node {
    lines: Option<[String; 2]>,
    kind: &'static str,
    width: f64,
    rank: usize,
    /// Its middle.
    x: f64,
    above: Vec<usize>,
    below: Vec<usize>,
    /// What feeds it from its own row or from below: it is a layer that is applied again.
    back: Vec<usize>,
}

/// The picture of these rows of a model, each with what training changes of it if that is wanted.
pub(crate) fn diagram(spec: &Spec, mut rows: Vec<Row>, trainable: bool) -> String {
    // A group whose layers are seen is no box of its own.
    rows.retain(|row| !row.open);
    let mut nodes = boxes(spec, &rows, trainable);
    let ranks = ranked(&mut nodes);
    place(&mut nodes, ranks);
    draw(&nodes)
}

/// A node for each layer, with those that feed it above.
fn boxes(spec: &Spec, rows: &[Row], trainable: bool) -> Vec<Node> {
    let index: HashMap<&str, usize> = rows.iter().enumerate().map(|(i, row)| (row.name, i)).collect();
    let node = |row: &Row| {
        let params = row.params(spec);
        let params = if params > 0 { format!(", {} parameters", grouped(params)) } else { String::new() };
        let trained = match row.trainable(spec) {
            "no" if trainable => ", not trained",
            "partly" if trainable => ", partly trained",
            _ => "",
        };
        let lines = [row.name.to_string(), format!("{}: {}{params}{trained}", row.kind, batched(row.output))];
        let above: Vec<usize> = row.inputs.iter().filter_map(|input| index.get(input).copied()).collect();
        let [name, shape] = lines.each_ref().map(|line| line.chars().count() as f64);
        let width = (name * NAME_LETTER).max(shape * LETTER) + 24.0;
        Node {
            lines: Some(lines),
            kind: row.kind,
            width,
            rank: 0,
            x: 0.0,
            above,
            below: vec![],
            back: vec![],
        }
    };
    rows.iter().map(node).collect()
}

/// Gives each node its row, and long lines a place in every row that they pass. Gives the nodes of each row.
fn ranked(nodes: &mut Vec<Node>) -> Vec<Vec<usize>> {
    let count = nodes.len();
    // A layer that is applied again may be fed by one that comes later: such a line does not push it down.
    for i in 0..count {
        let above = nodes[i].above.iter().filter(|&&j| j < i);
        nodes[i].rank = above.map(|&j| nodes[j].rank + 1).max().unwrap_or(0);
    }
    // What nothing feeds, but for the inputs, stands just above what it feeds.
    for i in 0..count {
        let users = (0..count).filter(|&j| nodes[j].above.contains(&i));
        if nodes[i].above.is_empty()
            && nodes[i].kind != "InputLayer"
            && let Some(least) = users.map(|j| nodes[j].rank).min()
        {
            nodes[i].rank = least.saturating_sub(1);
        }
    }
    for i in 0..count {
        let feeding = std::mem::take(&mut nodes[i].above);
        let (back, above): (Vec<usize>, _) = feeding.iter().partition(|&&j| nodes[j].rank >= nodes[i].rank);
        nodes[i].back = back;
        for mut from in above {
            for rank in nodes[from].rank + 1..nodes[i].rank {
                let passing = Node {
                    lines: None,
                    kind: "",
                    width: 8.0,
                    rank,
                    x: 0.0,
                    above: vec![from],
                    below: vec![],
                    back: vec![],
                };
                nodes.push(passing);
                let new = nodes.len() - 1;
                nodes[from].below.push(new);
                from = new;
            }
            nodes[from].below.push(i);
            nodes[i].above.push(from);
        }
    }
    let rows = nodes.iter().map(|node| node.rank + 1).max().unwrap_or(0);
    let mut ranks = vec![vec![]; rows];
    (0..nodes.len()).for_each(|i| ranks[nodes[i].rank].push(i));
    ranks
}

/// Orders every row and finds places: those of a row keep their distance, and are near the means of their neighbours.
fn place(nodes: &mut [Node], mut ranks: Vec<Vec<usize>>) {
    for rank in &ranks {
        let mut x = 0.0;
        for &i in rank {
            nodes[i].x = x + nodes[i].width / 2.0;
            x += nodes[i].width + GAP;
        }
    }
    for sweep in 0..SWEEPS {
        let down = sweep % 2 == 0;
        let order: Vec<usize> =
            if down { (0..ranks.len()).collect() } else { (0..ranks.len()).rev().collect() };
        for r in order {
            let wish = |i: usize, nodes: &[Node]| {
                let near = if down { &nodes[i].above } else { &nodes[i].below };
                let sum: f64 = near.iter().map(|&j| nodes[j].x).sum();
                if near.is_empty() { nodes[i].x } else { sum / near.len() as f64 }
            };
            let wishes: HashMap<usize, f64> = ranks[r].iter().map(|&i| (i, wish(i, nodes))).collect();
            // Once lines are untangled, only distances change.
            if sweep < SWEEPS / 2 {
                ranks[r].sort_by(|a, b| wishes[a].total_cmp(&wishes[b]));
            }
            spread(nodes, &ranks[r], &wishes);
        }
    }
}

/// Puts the nodes of a row where they wish to be, or as near as their neighbours allow on the mean of both sides.
fn spread(nodes: &mut [Node], rank: &[usize], wishes: &HashMap<usize, f64>) {
    let apart = |a: usize, b: usize, nodes: &[Node]| (nodes[a].width + nodes[b].width) / 2.0 + GAP;
    let mut left: Vec<f64> = rank.iter().map(|i| wishes[i]).collect();
    let mut right = left.clone();
    for k in 1..rank.len() {
        left[k] = left[k].max(left[k - 1] + apart(rank[k - 1], rank[k], nodes));
    }
    for k in (1..rank.len()).rev() {
        right[k - 1] = right[k - 1].min(right[k] - apart(rank[k - 1], rank[k], nodes));
    }
    for (k, &i) in rank.iter().enumerate() {
        nodes[i].x = (left[k] + right[k]) / 2.0;
    }
}

/// A line to a layer that is applied again, from one that does not stand above it.
struct BackLine {
    from: usize,
    to: usize,
    /// Where it goes up: right of all that stands in the rows that it passes, and of other such lines.
    lane: f64,
}

fn back_lines(nodes: &[Node]) -> Vec<BackLine> {
    let mut lines: Vec<BackLine> = vec![];
    for (to, node) in nodes.iter().enumerate() {
        for &from in &node.back {
            let passed = nodes.iter().filter(|other| (node.rank..=nodes[from].rank).contains(&other.rank));
            let edges =
                passed.map(|other| other.x + other.width / 2.0).chain(lines.iter().map(|line| line.lane));
            let lane = edges.fold(f64::NEG_INFINITY, f64::max) + BACK;
            lines.push(BackLine { from, to, lane });
        }
    }
    lines
}

fn draw(nodes: &[Node]) -> String {
    let left = nodes.iter().map(|node| node.x - node.width / 2.0).fold(f64::INFINITY, f64::min);
    let back = back_lines(nodes);
    let edges = nodes.iter().map(|node| node.x + node.width / 2.0).chain(back.iter().map(|line| line.lane));
    let right = edges.fold(f64::NEG_INFINITY, f64::max);
    let ranks = nodes.iter().map(|node| node.rank + 1).max().unwrap_or(0);
    let (width, height) = (right - left + 2.0 * MARGIN, ranks as f64 * ROW - ROW + BOX_HEIGHT + 2.0 * MARGIN);
    let x = |node: &Node| node.x - left + MARGIN;
    let top = |node: &Node| node.rank as f64 * ROW + MARGIN;
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width:.0}\" height=\"{height:.0}\" viewBox=\"0 0 {width:.0} {height:.0}\" \
         font-family=\"Helvetica, Arial, sans-serif\" font-size=\"12\">\n\
         <defs><marker id=\"to\" viewBox=\"0 0 8 8\" refX=\"7\" refY=\"4\" markerWidth=\"7\" markerHeight=\"7\" orient=\"auto\">\
         <path d=\"M0 0 8 4 0 8z\" fill=\"#667\"/></marker></defs>\n\
         <rect width=\"100%\" height=\"100%\" fill=\"white\"/>\n"
    );
    for node in nodes {
        if node.lines.is_none() {
            let (x, y) = (x(node), top(node));
            let _ = writeln!(svg, "<path d=\"M{x:.1} {y:.1}v{BOX_HEIGHT}\" stroke=\"#667\"/>");
        }
        for &j in &node.above {
            let from = &nodes[j];
            let (start, end) = (top(from) + BOX_HEIGHT, top(node));
            let middle = (start + end) / 2.0;
            let marker = if node.lines.is_some() { " marker-end=\"url(#to)\"" } else { "" };
            let (a, b) = (x(from), x(node));
            let _ = writeln!(
                svg,
                "<path d=\"M{a:.1} {start:.1}C{a:.1} {middle:.1} {b:.1} {middle:.1} {b:.1} {end:.1}\" fill=\"none\" stroke=\"#667\"{marker}/>"
            );
        }
    }
    for line in &back {
        let (from, to) = (&nodes[line.from], &nodes[line.to]);
        let (a, b, lane) = (x(from) + BACK, x(to) + BACK, line.lane - left + MARGIN);
        let (start, end) = (top(from) + BOX_HEIGHT, top(to));
        let _ = writeln!(
            svg,
            "<path d=\"M{a:.1} {start:.1}v{BACK}H{lane:.1}V{:.1}H{b:.1}V{end:.1}\" fill=\"none\" stroke=\"#667\" \
             stroke-dasharray=\"4 3\" stroke-linejoin=\"round\" marker-end=\"url(#to)\"/>",
            end - 1.5 * BACK
        );
    }
    for (i, node) in nodes.iter().enumerate() {
        let Some([name, shape]) = &node.lines else { continue };
        // What feeds itself alone is an output as well.
        let feeds = !node.below.is_empty() || back.iter().any(|line| line.from == i && line.to != i);
        let fill = match node.kind {
            "InputLayer" => "#e8f3e8",
            _ if !feeds => "#fdeee0",
            _ => "#eef2fb",
        };
        let (x, y, w) = (x(node), top(node), node.width);
        let _ = writeln!(
            svg,
            "<rect x=\"{:.1}\" y=\"{y:.1}\" width=\"{w:.1}\" height=\"{BOX_HEIGHT}\" rx=\"5\" fill=\"{fill}\" stroke=\"#99a\"/>\
             <text x=\"{x:.1}\" y=\"{:.1}\" text-anchor=\"middle\" font-weight=\"bold\">{}</text>\
             <text x=\"{x:.1}\" y=\"{:.1}\" text-anchor=\"middle\" fill=\"#445\">{}</text>",
            x - w / 2.0,
            y + 16.0,
            escaped(name),
            y + 32.0,
            escaped(shape)
        );
    }
    svg + "</svg>\n"
}

pub(super) fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}
