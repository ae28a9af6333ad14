//! `einsum` and `tensordot`, and what they are made of: products of tensors whose axes have letters.

use std::collections::BTreeMap;

use super::functions::function;
use super::{Entry, Family, Kind, Operands, Use, optional, required};
use crate::diag::{Message, Place, Reported};
use crate::graph::Builder;
use crate::ir::{Binary, Dim, Graph, Id, ReduceKind, Shape};

/// All of them.
pub const FUNCTIONS: &[Entry] = &[
    function!(
        "einsum",
        "Einsum",
        Operands::AtLeast(1),
        "A sum of products along the axes that letters name, as in Einstein's notation: `einsum(\"bij,bjk->bik\", x, y)`; `...` \
         stands for any axes. The first letter of a tensor with a batch, and of the result, is the batch.",
        "[batch, ...], ... → [batch, ...]",
        &[required(
            "subscripts",
            Kind::Text,
            "The letters of each tensor's axes and, behind `->`, of the result's: `\"bij,bjk->bik\"`.",
        )],
        einsum
    ),
    function!(
        "tensordot",
        "Tensordot",
        Operands::Exactly(2),
        "Sums of products over axes of two tensors, for each sample; what is left of the first comes before what is left of the \
         second.",
        "[batch, m, k], [batch, k, n] with axes = 1 → [batch, m, n]",
        &[optional(
            "axes",
            Kind::Margins,
            "2",
            "So many of the last axes of the first and of the first axes behind the batch of the second; or a list of axes of \
             each, in which the batch is axis 0: `[[2, 3], [1, 2]]`.",
        )],
        tensordot
    ),
];

/// A tensor and the letters of its axes, without the batch's.
pub struct Lettered {
    pub id: Id,
    pub letters: Vec<char>,
}

impl Lettered {
    /// Summed over the axes that are not to be kept.
    fn only(mut self, g: &mut Graph, keep: impl Fn(&char) -> bool) -> Self {
        for i in (0..self.letters.len()).rev() {
            if !keep(&self.letters[i]) {
                self.id = g.reduce(ReduceKind::Sum, self.id, vec![i], false);
                self.letters.remove(i);
            }
        }
        self
    }

    /// With its axes in the order of `letters`.
    fn ordered(self, g: &mut Graph, letters: &[char]) -> Id {
        let order = letters.iter().map(|c| self.axis(c).expect("it has the letter"));
        g.permute(self.id, order.collect())
    }

    fn axis(&self, letter: &char) -> Option<usize> {
        self.letters.iter().position(|own| own == letter)
    }

    /// The diagonal over axes of one letter.
    fn diagonal(mut self, g: &mut Graph) -> Self {
        while let Some(j) = (0..self.letters.len()).find(|j| self.letters[..*j].contains(&self.letters[*j])) {
            let i = self.axis(&self.letters[j]).expect("it is there before");
            let dims = g.shape(self.id).dims.clone();
            let [rows, columns] = [i, j].map(|axis| {
                let places = g.iota(dims[axis].clone());
                let alone = (0..dims.len()).map(|k| if k == axis { dims[k].clone() } else { 1.into() });
                g.reshape(places, alone.collect())
            });
            let there = g.binary(Binary::Eq, rows, columns);
            let zero = g.constant(0.0);
            let diagonal = g.select(there, self.id, zero);
            self.id = g.reduce(ReduceKind::Sum, diagonal, vec![j], false);
            self.letters.remove(j);
        }
        self
    }
}

/// Letters for the axes that `...` stands for: none that a user writes.
pub fn unnamed(n: usize) -> Vec<char> {
    (0..n as u32).filter_map(|i| char::from_u32(FIRST_UNNAMED + i)).collect()
}

/// Whether `letter` is one of [`unnamed`].
pub fn is_unnamed(letter: char) -> bool {
    letter as u32 >= FIRST_UNNAMED
}

/// The first of Unicode's letters for private use.
const FIRST_UNNAMED: u32 = 0xE000;

/// The product of two tensors, summed over the letters that `output` does not have: one product of matrices, the axes that
/// are kept by those that are summed, times those by the second's own.
pub fn product(g: &mut Graph, x: Lettered, y: Lettered, output: &[char], size: &dyn Fn(&char) -> Dim) -> Id {
    // What neither the other nor the result has is summed at once.
    let x = x.only(g, |c| y.letters.contains(c) || output.contains(c));
    let y = y.only(g, |c| x.letters.contains(c) || output.contains(c));
    let pick = |from: &[char], test: &dyn Fn(&char) -> bool| -> Vec<char> {
        from.iter().copied().filter(|c| test(c)).collect()
    };
    let shared = pick(&x.letters, &|c| y.letters.contains(c) && output.contains(c));
    let kept = pick(&x.letters, &|c| !y.letters.contains(c));
    let summed = pick(&x.letters, &|c| y.letters.contains(c) && !output.contains(c));
    let own = pick(&y.letters, &|c| !x.letters.contains(c));
    // A factor for each place.
    if summed.is_empty() {
        let found = [&x.letters[..], &own].concat();
        let among = |letters: &[char]| -> Vec<Dim> {
            found.iter().map(|c| if letters.contains(c) { size(c) } else { 1.into() }).collect()
        };
        let (left, right) = (among(&x.letters), among(&y.letters));
        let of_second = pick(&found, &|c| y.letters.contains(c));
        let (x, y) = (x.id, y.ordered(g, &of_second));
        let (x, y) = (g.reshape(x, left), g.reshape(y, right));
        let id = g.mul(x, y);
        return Lettered { id, letters: found }.ordered(g, output);
    }
    let batched = |x: &Lettered| g.shape(x.id).batched;
    let alone = shared.is_empty() && !batched(&y);
    if shared.is_empty() && !batched(&x) && !alone {
        return product(g, y, x, output, size);
    }
    let whole = |letters: &[char]| Dim::product(&letters.iter().map(size).collect::<Vec<_>>());
    let x = x.ordered(g, &[&shared[..], &kept, &summed].concat());
    let y = y.ordered(g, &[&shared[..], &summed, &own].concat());
    let [s, m, k, n] = [&shared, &kept, &summed, &own].map(|letters| whole(letters));
    let id = if alone {
        let (x, y) = (g.reshape(x, vec![m, k.clone()]), g.reshape(y, vec![k, n]));
        g.matmul(x, y, false)
    } else {
        let (x, y) = (g.reshape(x, vec![s.clone(), m, k.clone()]), g.reshape(y, vec![s, k, n]));
        g.batch_matmul(x, y)
    };
    let letters = [&shared[..], &kept, &own].concat();
    let id = g.reshape(id, letters.iter().map(size).collect());
    Lettered { id, letters }.ordered(g, output)
}

/// The letters of an equation: of each tensor and of the result, without the batch's.
struct Equation {
    operands: Vec<Vec<char>>,
    output: Vec<char>,
}

/// Reads `text` for tensors of these shapes.
fn equation(text: &str, shapes: &[Shape]) -> Result<Equation, String> {
    let text: String = text.chars().filter(|c| !c.is_whitespace()).collect();
    let (operands, output) = match text.split_once("->") {
        Some((operands, output)) => (operands, Some(output)),
        None => (&text[..], None),
    };
    let terms: Vec<&str> = operands.split(',').collect();
    if terms.len() != shapes.len() {
        return Err(format!("it names {} tensors, and there are {}", terms.len(), shapes.len()));
    }
    let mut hidden = vec![];
    for (term, shape) in terms.iter().zip(shapes) {
        let (written, rank) = (letters(term, &[])?.len(), shape.rank() + usize::from(shape.batched));
        let left = rank.checked_sub(written).filter(|left| *left == 0 || term.contains("..."));
        hidden.push(left.ok_or_else(|| format!("`{term}` names {written} axes, and {shape} has {rank}"))?);
    }
    let names = unnamed(hidden.iter().copied().max().unwrap_or(0));
    // Axes of `...` are lined up at their end.
    let expanded = terms.iter().zip(&hidden).map(|(term, n)| letters(term, &names[names.len() - n..]));
    let mut operands = expanded.collect::<Result<Vec<_>, _>>()?;
    let mut output = match output {
        Some(output) => letters(output, &names)?,
        None => {
            let all = operands.concat();
            let mut once: Vec<char> =
                all.iter().copied().filter(|c| all.iter().filter(|other| *other == c).count() == 1).collect();
            once.retain(|c| !is_unnamed(*c));
            once.sort_unstable();
            [names, once].concat()
        }
    };
    if let Some((i, c)) = output.iter().enumerate().find(|(i, c)| output[..*i].contains(c)) {
        return Err(format!("`{c}` is there twice in the result, the second time at place {}", i + 1));
    }
    if let Some(c) = output.iter().find(|c| !operands.iter().any(|own| own.contains(c))) {
        return Err(match is_unnamed(*c) {
            true => "`...` of the result is in no tensor".to_string(),
            false => format!("`{c}` of the result is in no tensor"),
        });
    }
    let Some(first) = shapes.iter().position(|shape| shape.batched) else {
        return Ok(Equation { operands, output });
    };
    let batch = operands[first][0];
    let name = if is_unnamed(batch) { "...".to_string() } else { batch.to_string() };
    for (own, shape) in operands.iter_mut().zip(shapes) {
        let begins = own.first() == Some(&batch);
        if shape.batched {
            if !begins {
                return Err(format!("each tensor with a batch begins with its letter, `{name}`"));
            }
            own.remove(0);
        }
        if own.contains(&batch) {
            return Err(format!("`{name}` is the batch, and stands for no other axis"));
        }
    }
    if output.first() != Some(&batch) {
        return Err(format!("`{name}` is the batch, which the result begins with"));
    }
    output.remove(0);
    Ok(Equation { operands, output })
}

/// The letters of one tensor, with `names` for `...`.
fn letters(term: &str, names: &[char]) -> Result<Vec<char>, String> {
    let form = || format!("`{term}` is not made of letters, and of `...` once at most");
    let mut letters = vec![];
    let mut parts = term.split("...");
    letters.extend(parts.next().into_iter().flat_map(str::chars));
    if let Some(rest) = parts.next() {
        letters.extend(names);
        letters.extend(rest.chars());
    }
    let plain = letters.iter().all(|c| c.is_alphabetic() || is_unnamed(*c));
    if plain && parts.next().is_none() { Ok(letters) } else { Err(form()) }
}

fn einsum(b: &mut Builder, u: &Use) -> Result<Id, Reported> {
    let text = u.args.text("subscripts").unwrap_or_default().to_string();
    let shapes: Vec<Shape> = u.inputs.iter().map(|input| b.shape(input.id)).collect();
    let place = u.args.place("subscripts");
    let wrong = |b: &Builder, reason: String| {
        let headline = format!("`einsum` cannot use the equation \"{text}\": {reason}");
        let message = Message::new(place, headline).help("for example `einsum(\"bij,bjk->bik\", x, y)`");
        let made =
            u.inputs.iter().zip(&shapes).map(|(input, shape)| format!("`{}` makes {shape}", input.text));
        b.diag.report(made.fold(message, Message::note))
    };
    let Equation { operands, output } = equation(&text, &shapes).map_err(|reason| wrong(b, reason))?;
    let mut sizes: BTreeMap<char, Dim> = BTreeMap::new();
    for (letters, shape) in operands.iter().zip(&shapes) {
        for (letter, dim) in letters.iter().zip(&shape.dims) {
            let known = sizes.entry(*letter).or_insert_with(|| dim.clone());
            let named = if is_unnamed(*letter) { "an axis of ...".to_string() } else { letter.to_string() };
            let sentence = format!("einsum has two sizes for {named}: {known} and {dim}");
            if !b.agree(known, dim, place, &sentence) {
                let name = if is_unnamed(*letter) { "..." } else { &named };
                return Err(wrong(b, format!("`{name}` has the size {known}, and then {dim}")));
            }
        }
    }
    let tensors = u.inputs.iter().zip(&operands);
    let mut tensors = tensors.map(|(x, letters)| Lettered { id: x.id, letters: letters.clone() });
    let g = &mut b.graph;
    let mut result = tensors.next().expect("there is one at least").diagonal(g);
    for (i, next) in tensors.enumerate() {
        let next = next.diagonal(g);
        // What the result or a later tensor asks for.
        let later = operands[i + 2..].concat();
        let mut kept: Vec<char> = result.letters.clone();
        kept.extend(next.letters.iter().filter(|c| !result.letters.contains(c)));
        kept.retain(|c| output.contains(c) || later.contains(c));
        let id = product(g, result, next, &kept, &|letter| sizes[letter].clone());
        result = Lettered { id, letters: kept };
    }
    let result = result.only(g, |c| output.contains(c));
    Ok(result.ordered(g, &output))
}

fn tensordot(b: &mut Builder, u: &Use) -> Result<Id, Reported> {
    let [x, y] = [&u.inputs[0], &u.inputs[1]];
    let [own, other] = [x, y].map(|x| b.shape(x.id));
    let place = u.args.place("axes");
    let wrong = |b: &Builder, headline: String| {
        let message = Message::new(place, headline);
        let message = message.note(format!("`{}` makes {own}", x.text));
        b.diag.report(message.note(format!("`{}` makes {other}", y.text)))
    };
    let axes = u.args.margins("axes").to_vec();
    let (left, right): (Vec<usize>, Vec<usize>) = match &axes[..] {
        [count] if count.len() == 1 => {
            let count = usize::try_from(count[0]).unwrap_or(usize::MAX);
            if count > own.rank() || count > other.rank() {
                let headline =
                    format!("`tensordot` cannot sum over {} axes of {own} and {other}", axes[0][0]);
                return Err(wrong(b, headline));
            }
            ((own.rank() - count..own.rank()).collect(), (0..count).collect())
        }
        [left, right] if left.len() == right.len() => {
            let [left, right] =
                [(left, &own), (right, &other)].map(|(axes, shape)| resolved(b, axes, shape, place));
            (left?, right?)
        }
        _ => {
            let message =
                Message::new(place, "`axes` of `tensordot` is a number, or as many axes of each tensor");
            return Err(b.diag.report(message.help("for example `axes = [[2, 3], [1, 2]]`")));
        }
    };
    let names = unnamed(own.rank() + other.rank());
    let (first, mut second) = (names[..own.rank()].to_vec(), names[own.rank()..].to_vec());
    for (i, j) in left.iter().zip(&right) {
        let sentence = format!("tensordot sums over axes of {own} and {other}: their sizes differ");
        if !b.agree(&own.dims[*i], &other.dims[*j], place, &sentence) {
            let (m, n) = (&own.dims[*i], &other.dims[*j]);
            return Err(wrong(b, format!("`tensordot` sums over axes of {m} and of {n} places")));
        }
        second[*j] = first[*i];
    }
    let output: Vec<char> = first.iter().chain(&second).copied().collect();
    let output: Vec<char> =
        output.iter().copied().filter(|c| !(first.contains(c) && second.contains(c))).collect();
    let sizes = |c: &char| match first.iter().position(|own| own == c) {
        Some(i) => own.dims[i].clone(),
        None => other.dims[second.iter().position(|own| own == c).expect("it is the second's")].clone(),
    };
    let [x, y] =
        [(x.id, first.clone()), (y.id, second.clone())].map(|(id, letters)| Lettered { id, letters });
    Ok(product(&mut b.graph, x, y, &output, &sizes))
}

/// Axes of which none is there twice.
fn resolved(b: &Builder, axes: &[i64], shape: &Shape, place: Place) -> Result<Vec<usize>, Reported> {
    let mut found = vec![];
    for axis in axes {
        let index = super::resolve_axis(b, *axis, shape, place)?;
        if found.contains(&index) {
            return Err(b.diag.report(Message::new(place, format!("axis {axis} of {shape} is there twice"))));
        }
        found.push(index);
    }
    Ok(found)
}
