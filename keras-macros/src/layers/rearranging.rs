//! Functions that show the same elements in other places: blocks of images, windows, diagonals.

use super::functions::function;
use super::spatial::DATA_FORMAT;
use super::{Entry, Family, Kind, Operands, Param, Use, optional, required};
use crate::diag::{Message, Reported};
use crate::graph::Builder;
use crate::ir::{Binary, Dim, Graph, Id, ReduceKind, Window};

const BLOCK_SIZE: Param = required("block_size", Kind::Size, "Rows and columns of a block.");
const DIAGONAL: Param =
    optional("k", Kind::Integer, "0", "The diagonal: 1 is the one above the main diagonal.");
const KERNEL_SIZE: Param =
    required("kernel_size", Kind::Integers, "Height and width of a window, or one for both.");
const DILATION: Param =
    optional("dilation", Kind::Integers, "1", "Places from one element of a window to the next.");
const PADDING: Param =
    optional("padding", Kind::Integers, "0", "Zeros before and after the rows and the columns.");
const STRIDE: Param = optional("stride", Kind::Integers, "1", "Places from one window to the next.");

/// All of them.
pub const FUNCTIONS: &[Entry] = &[
    function!(
        "depth_to_space",
        "DepthToSpace",
        Operands::Exactly(1),
        "Channels as blocks of pixels: an image `block_size` times as high and as wide.",
        "[batch, h, w, c] → [batch, h * block_size, w * block_size, c / block_size²]",
        &[BLOCK_SIZE, DATA_FORMAT],
        depth_to_space
    ),
    function!(
        "space_to_depth",
        "SpaceToDepth",
        Operands::Exactly(1),
        "Blocks of pixels as channels: the inverse of `depth_to_space`.",
        "[batch, h, w, c] → [batch, h / block_size, w / block_size, c * block_size²]",
        &[BLOCK_SIZE, DATA_FORMAT],
        space_to_depth
    ),
    function!(
        "unfold",
        "Unfold",
        Operands::Exactly(1),
        "The windows of an image whose channels come first, one after another, each as one column.",
        "[batch, channels, h, w] → [batch, channels * kernel height * kernel width, windows]",
        &[KERNEL_SIZE, DILATION, PADDING, STRIDE],
        unfold
    ),
    function!(
        "fold",
        "Fold",
        Operands::Exactly(1),
        "An image whose windows are columns, as `unfold` has them; where they overlap they are added up.",
        "[batch, channels * kernel height * kernel width, windows] → [batch, channels, h, w]",
        &[
            required("output_size", Kind::Integers, "Height and width of the image, or one for both."),
            KERNEL_SIZE,
            DILATION,
            PADDING,
            STRIDE
        ],
        fold
    ),
    function!(
        "extract_sequences",
        "ExtractSequences",
        Operands::Exactly(1),
        "Pieces of the last axis, which may overlap.",
        "[batch, ..., n] → [batch, ..., pieces, sequence_length]",
        &[
            required("sequence_length", Kind::Size, "Places of a piece."),
            required("sequence_stride", Kind::Size, "Places from one piece to the next."),
        ],
        extract_sequences
    ),
    function!(
        "diag",
        "Diag",
        Operands::Exactly(1),
        "The matrix that has a vector on a diagonal and 0 elsewhere, or the vector on a diagonal of a matrix; for each sample.",
        "[batch, n] → [batch, n + |k|, n + |k|], or [batch, m, n] → [batch, places of the diagonal]",
        &[DIAGONAL],
        diag
    ),
    function!(
        "diagflat",
        "Diagflat",
        Operands::Exactly(1),
        "The matrix that has all elements of a sample on a diagonal and 0 elsewhere.",
        "[batch, ...] → [batch, n + |k|, n + |k|] of n elements",
        &[DIAGONAL],
        |b, u| {
            let all = b.shape(u.x()).size();
            let x = b.graph.reshape(u.x(), vec![all]);
            Ok(on_diagonal(&mut b.graph, x, u.args.integer("k")))
        }
    ),
    function!(
        "kron",
        "Kron",
        Operands::Exactly(2),
        "All products of an element of the first with the whole of the second, each where the element is; for each sample.",
        "[batch, m, n], [batch, k, l] → [batch, m * k, n * l]",
        &[],
        |b, u| Ok(kron(&mut b.graph, u.inputs[0].id, u.inputs[1].id))
    ),
];

/// The size of blocks, which must be known.
fn block_size(b: &Builder, u: &Use) -> Result<usize, Reported> {
    u.args.size("block_size").as_known().ok_or_else(|| {
        let headline = format!("the value of `block_size` of `{}` must be known to the macro", u.entry.name);
        let message = Message::new(u.args.place("block_size"), headline);
        b.diag.report(message.help("declare a `const` inside of the macro call"))
    })
}

fn indivisible(b: &Builder, u: &Use, headline: String) -> Reported {
    let shape = b.shape(u.x());
    let message = Message::new(u.args.place("block_size"), headline);
    b.diag.report(message.note(format!("`{}` makes {shape}", u.inputs[0].text)))
}

/// Parts of the channels in the order row, column, channel, though an image whose channels come first has these first.
fn channel_parts(first: bool, block: usize, channels: usize) -> (Vec<Dim>, [usize; 3]) {
    let parts = if first { [channels, block, block] } else { [block, block, channels] };
    (parts.map(Dim::known).to_vec(), if first { [1, 2, 0] } else { [0, 1, 2] })
}

fn depth_to_space(b: &mut Builder, u: &Use) -> Result<Id, Reported> {
    let (s, block) = (u.spatial(b, 2)?, block_size(b, u)?);
    let channels = s.channels.as_known().filter(|n| n.is_multiple_of(block * block));
    let Some(channels) = channels.map(|n| n / (block * block)) else {
        let headline =
            format!("`depth_to_space` cannot make blocks of {block} by {block} of {} channels", s.channels);
        return Err(indivisible(b, u, headline));
    };
    let (parts, [row, column, channel]) = channel_parts(s.channels_first(), block, channels);
    let g = &mut b.graph;
    let [h, w] = [s.extents[0], s.extents[1]];
    let x = g.reshape(s.x, [&[h.into(), w.into()], &parts[..]].concat());
    let x = g.permute(x, vec![0, 2 + row, 1, 2 + column, 2 + channel]);
    let y = g.reshape(x, vec![(h * block).into(), (w * block).into(), channels.into()]);
    Ok(s.finish(g, y))
}

fn space_to_depth(b: &mut Builder, u: &Use) -> Result<Id, Reported> {
    let (s, block) = (u.spatial(b, 2)?, block_size(b, u)?);
    let [h, w] = [s.extents[0], s.extents[1]];
    if !h.is_multiple_of(block) || !w.is_multiple_of(block) {
        let headline =
            format!("`space_to_depth` cannot cut {h} by {w} pixels into blocks of {block} by {block}");
        return Err(indivisible(b, u, headline));
    }
    let g = &mut b.graph;
    let (rows, columns, c) = (h / block, w / block, s.channels.clone());
    let x = g.reshape(s.x, vec![rows.into(), block.into(), columns.into(), block.into(), c.clone()]);
    // Behind the places of a block: row, column and channel within it, in the order that channels have them.
    let order = if s.channels_first() { vec![0, 2, 4, 1, 3] } else { vec![0, 2, 1, 3, 4] };
    let x = g.permute(x, order);
    let y = g.reshape(x, vec![rows.into(), columns.into(), c.mul(&Dim::known(block * block))]);
    Ok(s.finish(g, y))
}

/// Windows of an image, and the zeros around it.
fn image_windows(b: &Builder, u: &Use) -> Result<([Window; 2], Vec<usize>), Reported> {
    let [sizes, dilations, strides] =
        ["kernel_size", "dilation", "stride"].map(|name| u.per_axis(b, name, 2, 1));
    let (sizes, dilations, strides) = (sizes?, dilations?, strides?);
    let window = |i: usize| Window { size: sizes[i], stride: strides[i], dilation: dilations[i] };
    Ok(([window(0), window(1)], u.per_axis(b, "padding", 2, 0)?))
}

/// An error where an image of these extents, with what is around it, holds no window.
fn holds(b: &Builder, u: &Use, windows: &[Window; 2], extents: [usize; 2]) -> Result<(), Reported> {
    let Some(i) = (0..2).find(|i| windows[*i].count(extents[*i]) == 0) else { return Ok(()) };
    let axis = ["height", "width"][i];
    let (span, extent) = (windows[i].span(), extents[i]);
    let headline = format!(
        "a window of `{}` has a {axis} of {span}, the image with its padding one of {extent}",
        u.entry.name
    );
    Err(b.diag.report(Message::new(u.args.place("kernel_size"), headline).help("take a smaller window")))
}

/// The sizes of an input with so many axes, of which those from `known` on must be known.
fn sizes(b: &Builder, u: &Use, rank: usize, known: usize, form: &str) -> Result<Vec<Dim>, Reported> {
    let shape = b.shape(u.x());
    let fits = shape.rank() == rank && shape.dims[known..].iter().all(|dim| dim.as_known().is_some());
    if fits {
        return Ok(shape.dims);
    }
    let name = u.entry.name;
    let headline = format!("`{name}` takes {form} of known sizes, but its input is {shape}");
    Err(b.diag.report(u.misfit_of(b, 0, headline)))
}

fn unfold(b: &mut Builder, u: &Use) -> Result<Id, Reported> {
    let dims = sizes(b, u, 3, 1, "[batch, channels, height, width]")?;
    let (windows, padding) = image_windows(b, u)?;
    let padded = [0, 1].map(|i| dims[1 + i].as_known().expect("it was checked") + 2 * padding[i]);
    holds(b, u, &windows, padded)?;
    let g = &mut b.graph;
    let x = g.permute(u.x(), vec![1, 2, 0]);
    let before = vec![padding[0].into(), padding[1].into(), 0.into()];
    let channels = dims[0].clone();
    let x = g.border(x, before, vec![padded[0].into(), padded[1].into(), channels.clone()], 0.0);
    let x = g.windows(x, 0, windows.to_vec());
    let x = g.permute(x, vec![4, 2, 3, 0, 1]);
    let column = windows.iter().fold(channels, |n, window| n.mul(&window.size.into()));
    let count = windows.iter().zip(padded).map(|(window, extent)| window.count(extent)).product::<usize>();
    Ok(g.reshape(x, vec![column, count.into()]))
}

fn fold(b: &mut Builder, u: &Use) -> Result<Id, Reported> {
    let dims = sizes(b, u, 2, 0, "[batch, channels * kernel height * kernel width, windows]")?;
    let (windows, padding) = image_windows(b, u)?;
    let output = u.per_axis(b, "output_size", 2, 1)?;
    let padded = [0, 1].map(|i| output[i] + 2 * padding[i]);
    holds(b, u, &windows, padded)?;
    let counts = [0, 1].map(|i| windows[i].count(padded[i]));
    let [column, count] = [0, 1].map(|i| dims[i].as_known().expect("it was checked"));
    let size = windows[0].size * windows[1].size;
    let all = counts[0] * counts[1];
    if count != all || !column.is_multiple_of(size) {
        let headline = if count == all {
            format!("`fold` cannot make channels of windows of {size} places from columns of {column}")
        } else {
            format!(
                "`fold` makes an image of {} by {} windows, {all} in all, but gets {count}",
                counts[0], counts[1]
            )
        };
        return Err(b.diag.report(u.misfit_of(b, 0, headline)));
    }
    let g = &mut b.graph;
    let channels = Dim::known(column / size);
    let parts = [windows[0].size, windows[1].size, counts[0], counts[1]].map(Dim::known);
    let x = g.reshape(u.x(), [&[channels], &parts[..]].concat());
    let x = g.permute(x, vec![3, 4, 1, 2, 0]);
    let mut x = g.overlap(x, 0, windows.to_vec(), &padded.map(Dim::known));
    for axis in 0..2 {
        x = g.slice(x, axis, padding[axis].into(), output[axis].into());
    }
    Ok(g.permute(x, vec![2, 0, 1]))
}

fn extract_sequences(b: &mut Builder, u: &Use) -> Result<Id, Reported> {
    let shape = b.shape(u.x());
    let n = shape.dims.last().and_then(Dim::as_known);
    let [length, stride] = ["sequence_length", "sequence_stride"].map(|name| u.args.size(name).as_known());
    let (Some(n), Some(length), Some(stride)) = (n, length, stride) else {
        let headline = format!("`extract_sequences` must know its sizes, and the last of {shape}");
        let message = Message::new(u.place, headline);
        return Err(b.diag.report(message.help("declare a `const` inside of the macro call")));
    };
    if length > n {
        let headline =
            format!("`extract_sequences` cannot take pieces of {length} places from {n} of {shape}");
        return Err(b.diag.report(Message::new(u.args.place("sequence_length"), headline)));
    }
    let window = Window { size: length, stride, dilation: 1 };
    Ok(b.graph.windows(u.x(), shape.rank() - 1, vec![window]))
}

fn diag(b: &mut Builder, u: &Use) -> Result<Id, Reported> {
    let (shape, k) = (b.shape(u.x()), u.args.integer("k"));
    let [m, n] = match &shape.dims[..] {
        [_] => return Ok(on_diagonal(&mut b.graph, u.x(), k)),
        [m, n] => [m, n].map(Dim::as_known),
        _ => {
            let headline =
                format!("`diag` takes a vector or a matrix for each sample, but its input is {shape}");
            return Err(b.diag.report(u.misfit_of(b, 0, headline)));
        }
    };
    let (down, right) = (k.min(0).unsigned_abs() as usize, k.max(0) as usize);
    let length = m.zip(n).map(|(m, n)| m.saturating_sub(down).min(n.saturating_sub(right)));
    let Some(length) = length.filter(|length| *length > 0) else {
        let headline = format!("`diag` finds no diagonal {k} of known size in {shape}");
        return Err(b.diag.report(Message::new(u.args.place("k"), headline)));
    };
    let g = &mut b.graph;
    let x = g.slice(u.x(), 0, down.into(), length.into());
    let x = g.slice(x, 1, right.into(), length.into());
    let there = super::arranging::compared(g, length.into(), length.into(), 0, Binary::Eq);
    let zero = g.constant(0.0);
    let x = g.select(there, x, zero);
    Ok(g.reduce(ReduceKind::Sum, x, vec![1], false))
}

/// The vector `x` on a diagonal.
fn on_diagonal(g: &mut Graph, x: Id, k: i64) -> Id {
    let n = g.shape(x).dims[0].clone();
    let side = n.add(&Dim::known(k.unsigned_abs() as usize));
    let x = g.pad(x, 0, 0.into(), side.clone());
    // Element i is in row i, or below the main diagonal in column i.
    let lying = if k < 0 { vec![1.into(), side.clone()] } else { vec![side.clone(), 1.into()] };
    let x = g.reshape(x, lying);
    let there = super::arranging::compared(g, side.clone(), side, k, Binary::Eq);
    let zero = g.constant(0.0);
    g.select(there, x, zero)
}

fn kron(g: &mut Graph, x: Id, y: Id) -> Id {
    let [own, other] = [x, y].map(|x| g.shape(x).dims.clone());
    let rank = own.len().max(other.len());
    let of = |dims: &[Dim], i: usize| match (i + dims.len()).checked_sub(rank) {
        Some(i) => dims[i].clone(),
        None => Dim::known(1),
    };
    let each = |f: &dyn Fn(usize) -> [Dim; 2]| (0..rank).flat_map(f).collect::<Vec<_>>();
    let x = g.reshape(x, each(&|i| [of(&own, i), 1.into()]));
    let y = g.reshape(y, each(&|i| [1.into(), of(&other, i)]));
    let products = g.mul(x, y);
    g.reshape(products, (0..rank).map(|i| of(&own, i).mul(&of(&other, i))).collect())
}
