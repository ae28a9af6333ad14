//! Reading: HDF5 as Keras lays weights out in it.

use std::io::{Cursor, Read as _};

use hdf5_pure::{AttrValue, File, Group};
use serde_json::Value;

use super::leaves::{Leaf, MODEL, numbered};
use crate::error::{Error, Result};

/// Groups within groups beyond which no file of Keras goes.
const DEEPEST: usize = 32;

/// An open file.
pub(super) struct Stored {
    file: File,
    pub leaves: Vec<Leaf>,
    /// Whether the leaves are in the order of the model that wrote them.
    pub in_order: bool,
}

fn problem(file: &str, problem: impl ToString) -> Error {
    Error::Format { file: file.into(), problem: problem.to_string() }
}

/// Opens the bytes of a file called `name`: of HDF5, or an archive with one in it.
pub(super) fn open(bytes: Vec<u8>, name: &str) -> Result<Stored> {
    let bytes = if bytes.starts_with(b"PK") { part(&bytes, "model.weights.h5", name)? } else { bytes };
    let broken = |error: hdf5_pure::Error| problem(name, format!("is not a whole HDF5 file ({error})"));
    let file = File::from_bytes(bytes).map_err(broken)?;
    let root = file.root();
    let groups = root.groups().map_err(broken)?;
    let legacy = match groups.iter().any(|group| group == "model_weights") {
        true => Some("model_weights"),
        false => names(&root, "layer_names").map_err(broken)?.map(|_| ""),
    };
    let mut leaves = vec![];
    match legacy {
        Some(top) => read_legacy(&file, top, &mut leaves).map_err(broken)?,
        None => {
            // A nested model, and a layer of Keras 3, has its weights in `vars`.
            read_weights(&file, &root, "", (&[], &[]), &mut leaves, 0).map_err(broken)?;
        }
    }
    if leaves.is_empty() {
        return Err(problem(name, "holds no layer's weights as Keras writes them"));
    }
    Ok(Stored { file, leaves, in_order: legacy.is_some() })
}

/// What an archive says of its model; `None` for what is no archive.
pub(super) fn config(bytes: &[u8], name: &str) -> Result<Option<Value>> {
    if !bytes.starts_with(b"PK") {
        return Ok(None);
    }
    let text = part(bytes, "config.json", name)?;
    let config = serde_json::from_slice(&text);
    config.map(Some).map_err(|error| problem(name, format!("does not say what its model is ({error})")))
}

/// A part of a `.keras` file.
fn part(bytes: &[u8], part: &str, name: &str) -> Result<Vec<u8>> {
    let broken = |error: zip::result::ZipError| problem(name, format!("is not a whole archive ({error})"));
    let most = 64 * bytes.len() as u64;
    let mut archive = zip::ZipArchive::new(Cursor::new(bytes)).map_err(broken)?;
    let part = archive.by_name(part).map_err(broken)?;
    let mut bytes = vec![];
    // Keras does not compress it.
    part.take(most)
        .read_to_end(&mut bytes)
        .map_err(|error| problem(name, format!("is not a whole archive ({error})")))?;
    Ok(bytes)
}

type Found<T> = std::result::Result<T, hdf5_pure::Error>;

/// A list of names, which Keras cuts into several where it is long.
fn names(group: &Group, attribute: &str) -> Found<Option<Vec<String>>> {
    let attributes = group.attrs()?;
    let list = |name: &str| {
        let value = attributes.get(name)?;
        value.as_str().map(|one| vec![one.to_string()]).or_else(|| value.as_strings().map(<[String]>::to_vec))
    };
    if let Some(whole) = list(attribute) {
        return Ok(Some(whole));
    }
    // A list of none is written as one of numbers.
    if attributes.contains_key(attribute) {
        return Ok(Some(vec![]));
    }
    let parts: Vec<String> = (0..).map_while(|i| list(&format!("{attribute}{i}"))).flatten().collect();
    Ok((!parts.is_empty()).then_some(parts))
}

fn shape(file: &File, path: &str) -> Found<Vec<usize>> {
    let shape = file.dataset(path)?.shape()?;
    Ok(shape.into_iter().map(|size| usize::try_from(size).unwrap_or(usize::MAX)).collect())
}

/// Layers and their weights by lists of names, in order.
fn read_legacy(file: &File, top: &str, leaves: &mut Vec<Leaf>) -> Found<()> {
    let root = if top.is_empty() { file.root() } else { file.group(top)? };
    for layer in names(&root, "layer_names")?.unwrap_or_default() {
        let group = root.group(&layer)?;
        for weight in names(&group, "weight_names")?.unwrap_or_default() {
            let path = format!("{top}/{layer}/{weight}");
            let path = path.trim_start_matches('/').to_string();
            // The first part is the layer again, maybe with another number.
            let parts: Vec<&str> = weight.split('/').collect();
            let within = parts.get(1..parts.len() - 1).unwrap_or(&[]).iter().map(|part| (*part).to_string());
            let names: Vec<String> = std::iter::once(layer.clone()).chain(within).collect();
            let shape = shape(file, &path)?;
            match leaves.iter_mut().find(|leaf| leaf.names == names) {
                Some(leaf) => {
                    leaf.shapes.push(shape);
                    leaf.paths.push(path);
                }
                None => leaves.push(Leaf {
                    names,
                    classes: vec![],
                    shapes: vec![shape],
                    weights: vec![],
                    paths: vec![path],
                }),
            }
        }
    }
    Ok(())
}

/// Layers of Keras 3 below the group at `path`: its variables, then its parts.
fn read_weights(
    file: &File,
    group: &Group,
    path: &str,
    (names_above, classes_above): (&[String], &[String]),
    leaves: &mut Vec<Leaf>,
    depth: usize,
) -> Found<()> {
    if depth > DEEPEST {
        return Ok(());
    }
    let groups = group.groups()?;
    let own = path.rsplit('/').next().unwrap_or("");
    let (mut names_here, mut classes_here) = (names_above.to_vec(), classes_above.to_vec());
    let mut variables = vec![];
    if groups.iter().any(|name| name == "vars") {
        let vars = group.group("vars")?;
        if !path.is_empty() {
            let name = vars.attrs()?.get("name").and_then(AttrValue::as_str).unwrap_or(own).to_string();
            let models = groups.iter().any(|name| name == "layers");
            names_here.push(name.clone());
            let around = classes_above.last().map_or("", String::as_str);
            classes_here.push(class(own, &name, around, models));
        }
        let mut numbers: Vec<usize> = vars.datasets()?.iter().filter_map(|name| name.parse().ok()).collect();
        numbers.sort_unstable();
        // It holds the kernel of the layer in it once more.
        if classes_here.last().is_some_and(|class| class == "spectral_normalization") {
            numbers.drain(..numbers.len().saturating_sub(1));
        }
        variables = numbers.into_iter().map(|i| format!("{path}/vars/{i}")).collect();
    }
    let mut parts: Vec<&String> = groups.iter().filter(|name| is_part(name)).collect();
    parts.sort_by_key(|name| (place(name), numbered(name).0.to_string(), numbered(name).1));
    for part in parts {
        let path = if path.is_empty() { part.clone() } else { format!("{path}/{part}") };
        read_weights(file, &group.group(part)?, &path, (&names_here, &classes_here), leaves, depth + 1)?;
    }
    if !variables.is_empty() {
        let shapes = variables.iter().map(|path| shape(file, path)).collect::<Found<_>>()?;
        leaves.push(Leaf {
            names: names_here,
            classes: classes_here,
            shapes,
            weights: vec![],
            paths: variables,
        });
    }
    Ok(())
}

/// Whether a group is a layer's part that may hold weights.
fn is_part(name: &str) -> bool {
    // Generators of random numbers, and what an optimizer and metrics keep.
    !matches!(name, "vars" | "seed_generator" | "optimizer" | "metrics" | "_metrics")
}

/// Parts of layers that come in an order of their own.
fn place(part: &str) -> usize {
    let places = [
        "forward_layer",
        "backward_layer",
        "query_dense",
        "key_dense",
        "gate_dense",
        "value_dense",
        "output_dense",
    ];
    places.iter().position(|place| part == *place).unwrap_or(places.len())
}

/// What a group of this name is: a class and its number, or a part of a layer.
fn class(group: &str, name: &str, around: &str, is_model: bool) -> String {
    match group {
        _ if is_model => MODEL.to_string(),
        "cell" if around == "rnn" => numbered(name).0.to_string(),
        "forward_layer" => "forward".into(),
        "backward_layer" => "backward".into(),
        // The cell of a recurrent layer is that layer's here.
        "cell" => String::new(),
        "query_dense" | "key_dense" | "gate_dense" | "value_dense" | "output_dense" => name.to_string(),
        _ => numbered(group).0.to_string(),
    }
}

impl Stored {
    /// The numbers at `path`.
    pub fn values(&self, path: &str, name: &str) -> Result<Vec<f32>> {
        let broken = |error: hdf5_pure::Error| problem(name, format!("has no numbers at `{path}` ({error})"));
        let data = self.file.dataset(path).map_err(broken)?;
        data.read_f32()
            .or_else(|_| data.read_f64().map(|all| all.iter().map(|x| *x as f32).collect()))
            .map_err(broken)
    }

    /// The whole number at `path`.
    pub fn whole(&self, path: &str, name: &str) -> Result<u64> {
        let data = self.file.dataset(path).and_then(|data| {
            data.read_i64().or_else(|_| data.read_i32().map(|all| all.into_iter().map(i64::from).collect()))
        });
        let number = data.ok().and_then(|all| u64::try_from(*all.first()?).ok());
        number.ok_or_else(|| problem(name, format!("has no count at `{path}`")))
    }

    /// What the variables at `path` are of, and their shapes; `None` if there are none.
    pub fn variables(&self, path: &str, name: &str) -> Result<Option<(String, Vec<Vec<usize>>)>> {
        let Ok(group) = self.file.group(path) else { return Ok(None) };
        let broken = |error: hdf5_pure::Error| problem(name, format!("has no whole `{path}` ({error})"));
        let of =
            group.attrs().map_err(broken)?.get("name").and_then(AttrValue::as_str).unwrap_or("").to_string();
        let count = group.datasets().map_err(broken)?.len();
        let shapes = (0..count).map(|i| shape(&self.file, &format!("{path}/{i}")));
        Ok(Some((of, shapes.collect::<Found<_>>().map_err(broken)?)))
    }
}
