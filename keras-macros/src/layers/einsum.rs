//! `einsum_dense`: a product with a kernel along the axes that an equation names.

use super::contraction::{Lettered, is_unnamed, product, unnamed};
use super::{Entry, Family, Kind, Masks, Operands, Use, optional, required};
use crate::diag::{Message, Reported};
use crate::graph::Builder;
use crate::ir::{Binary, Dim, Id, Shape};

/// Keras: `EinsumDense`.
pub const LAYERS: &[Entry] = &[Entry {
    name: "einsum_dense",
    aliases: &[],
    class: "EinsumDense",
    family: Family::Layer,
    masks: Masks::Through,
    doc: "A dense layer along the axes that an equation names, as in Einstein's notation: `einsum_dense(\"abc,cd->abd\", [-1, 64])` \
          treats each step alike, `\"...x,xy->...y\"` any leading axes. The first letter is the batch.",
    shapes: "[batch, ...] → [batch, output_shape...]",
    operands: Operands::Exactly(1),
    params: &[
        required(
            "equation",
            Kind::Text,
            "The letters of the input's axes, of the kernel's and of the result's: `\"ab,bc->ac\"`.",
        ),
        required(
            "output_shape",
            Kind::Extents,
            "The result's sizes without the batch and the axes of `...`; -1 where the input says it.",
        ),
        optional("activation", Kind::Activation, "None", "Function of the result."),
        optional(
            "bias_axes",
            Kind::Text,
            "None",
            "The letters of the result that the bias has; without any there is no bias.",
        ),
        optional("kernel_initializer", Kind::Initializer, "glorot_uniform", "How the kernel starts."),
        optional("bias_initializer", Kind::Initializer, "zeros", "How the bias starts."),
        optional("kernel_regularizer", Kind::Regularizer, "None", "What the loss has for the kernel."),
        optional("bias_regularizer", Kind::Regularizer, "None", "What the loss has for the bias."),
        optional("kernel_constraint", Kind::Constraint, "None", "What each step makes the kernel be."),
        optional("bias_constraint", Kind::Constraint, "None", "What each step makes the bias be."),
    ],
    weights: &[("kernel", "[the equation's]"), ("bias", "[sizes of bias_axes...]")],
    apply: einsum_dense,
}];

/// The letters of an equation, without the batch's.
struct Equation {
    input: Vec<char>,
    kernel: Vec<char>,
    output: Vec<char>,
}

/// Reads `text` for an input of `rank` axes without the batch.
fn equation(text: &str, rank: usize) -> Result<Equation, String> {
    let form = || {
        "an equation reads `\"ab,bc->ac\"`: the input's letters, the kernel's and the result's".to_string()
    };
    let text: String = text.chars().filter(|c| !c.is_whitespace()).collect();
    let (operands, output) = text.split_once("->").ok_or_else(form)?;
    let (input, kernel) = operands.split_once(',').ok_or_else(form)?;
    if kernel.contains("...") {
        return Err("the kernel's axes have a letter each: `...` stands for axes of the input".to_string());
    }
    let written = input.replace("...", "").chars().count();
    let hidden = match input.contains("...") {
        true => (rank + 1).checked_sub(written),
        false => (rank + 1 == written).then_some(0),
    };
    let hidden = hidden.ok_or_else(|| {
        format!("the input has {} axes with the batch, the equation names {written}", rank + 1)
    })?;
    let expand = |part: &str| -> Result<Vec<char>, String> {
        let part = part.replace("...", &unnamed(hidden).into_iter().collect::<String>());
        let letters: Vec<char> = part.chars().collect();
        match letters.iter().enumerate().find(|(i, c)| c.is_ascii_punctuation() || letters[..*i].contains(c))
        {
            Some((_, c)) if c.is_ascii_punctuation() => Err(form()),
            Some((_, c)) => Err(format!("`{c}` is there twice in one part")),
            None => Ok(letters),
        }
    };
    let (input, kernel, output) = (expand(input)?, expand(kernel)?, expand(output)?);
    if input.first() != output.first() || kernel.contains(&input[0]) {
        return Err(
            "the first letter is the batch: the input and the result begin with it, and the kernel has none"
                .to_string(),
        );
    }
    let known = |c: &char| input.contains(c) || kernel.contains(c);
    if let Some(c) = output.iter().find(|c| !known(c)) {
        return Err(format!("`{c}` of the result is neither the input's nor the kernel's"));
    }
    if let Some(c) = kernel.iter().find(|c| !input.contains(c) && !output.contains(c)) {
        return Err(format!("`{c}` of the kernel is neither the input's nor the result's"));
    }
    Ok(Equation { input: input[1..].to_vec(), kernel, output: output[1..].to_vec() })
}

fn einsum_dense(b: &mut Builder, u: &Use) -> Result<Id, Reported> {
    let shape = b.shape(u.x());
    let text = u.args.text("equation").unwrap_or_default().to_string();
    let of = match equation(&text, shape.rank()) {
        Ok(equation) => equation,
        Err(reason) => {
            let headline = format!("`einsum_dense` cannot use the equation \"{text}\": {reason}");
            let message = Message::new(u.args.place("equation"), headline)
                .note(format!("`{}` makes {shape}", u.inputs[0].text))
                .help("for each step's features alike: `einsum_dense(\"...x,xy->...y\", 64)`");
            return Err(b.diag.report(message));
        }
    };
    let sizes = output_sizes(b, u, &of, &shape)?;
    let size = |letter: &char| -> Dim {
        match of.input.iter().position(|own| own == letter) {
            Some(i) => shape.dims[i].clone(),
            None => sizes[of.output.iter().position(|own| own == letter).expect("it was checked")].clone(),
        }
    };
    let kernel_dims: Vec<Dim> = of.kernel.iter().map(&size).collect();
    // Keras counts the letters of the result as outputs.
    let axes = 0..of.kernel.len();
    let (outputs, inputs): (Vec<usize>, Vec<usize>) = axes.partition(|i| of.output.contains(&of.kernel[*i]));
    let start = u.args.initializer("kernel_initializer").with_fans(&inputs, &outputs);
    let kernel = b.weight(u, "kernel", kernel_dims, start)?;
    let x = Lettered { id: u.x(), letters: of.input.clone() };
    let kernel = Lettered { id: kernel, letters: of.kernel.clone() };
    let mut y = product(&mut b.graph, x, kernel, &of.output, &size);
    if let Some(axes) = u.args.text("bias_axes").map(str::to_string) {
        if let Some(wrong) = axes.chars().find(|c| !of.output.contains(c)) {
            let headline =
                format!("`bias_axes` names `{wrong}`, which the result of \"{text}\" does not have");
            let message = Message::new(u.args.place("bias_axes"), headline);
            return Err(b.diag.report(message.help("name letters of the result, but for the batch")));
        }
        // As Keras: from the first letter on, with 1 for those that the bias does not have.
        let first = of.output.iter().position(|c| axes.contains(*c)).unwrap_or(of.output.len());
        let own = of.output[first..].iter().map(|c| if axes.contains(*c) { size(c) } else { 1.into() });
        let bias = b.weight(u, "bias", own.collect(), u.args.initializer("bias_initializer"))?;
        y = b.graph.binary(Binary::Add, y, bias);
    }
    b.activate(u, "activation", y)
}

/// The result's sizes, by `output_shape` and by the input.
fn output_sizes(b: &mut Builder, u: &Use, of: &Equation, shape: &Shape) -> Result<Vec<Dim>, Reported> {
    let given = u.args.extents("output_shape").expect("it is required").to_vec();
    let place = u.args.place("output_shape");
    let named = of.output.iter().filter(|letter| !is_unnamed(**letter)).count();
    if given.len() != named {
        let headline = format!(
            "`output_shape` has {} size{}, but the equation's result has {named} without the batch{}",
            given.len(),
            if given.len() == 1 { "" } else { "s" },
            if named < of.output.len() { " and the axes of `...`" } else { "" }
        );
        return Err(b
            .diag
            .report(Message::new(place, headline).help("write -1 where the input says the size")));
    }
    let mut given = given.into_iter();
    let mut sizes = vec![];
    for letter in &of.output {
        let given = if is_unnamed(*letter) { None } else { given.next().expect("they were counted") };
        let known = of.input.iter().position(|own| own == letter).map(|i| shape.dims[i].clone());
        sizes.push(match (known, given) {
            (Some(known), None) => known,
            (Some(known), Some(given)) => {
                let sentence = format!("`output_shape` says another size for `{letter}` than the input");
                if !b.agree(&known, &given, place, &sentence) {
                    let headline = format!(
                        "`output_shape` says {given} for `{letter}`, but the input has {known} there"
                    );
                    return Err(b.diag.report(
                        Message::new(place, headline).help("write -1 where the input says the size"),
                    ));
                }
                known
            }
            (None, Some(given)) => given,
            (None, None) => {
                let headline =
                    format!("the size of `{letter}` is -1, but no axis of the input has that letter");
                return Err(b.diag.report(Message::new(place, headline).help("write the number")));
            }
        });
    }
    Ok(sizes)
}
