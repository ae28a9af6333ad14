//! Columns of a table as the numbers that a model takes (`keras.utils.FeatureSpace`).

use std::collections::BTreeMap;

use ndarray::{Array2, Axis, concatenate};

use super::hashing::{self, HashedCrossing, Hashing};
use super::lookup::{IntegerLookup, Lookup, StringLookup, Token};
use crate::error::{Error, Result};
use crate::model::Quantiles;

/// Rows that a quantile's summary takes in at once, as Keras does.
const PIECE: usize = 32;
/// Keras's `epsilon()`, below which no standard deviation is divided by.
const EPSILON: f32 = 1e-7;
/// The error of learnt quantiles, Keras's default for bins.
const ACCURACY: f64 = 0.01;

/// A column of a table: a value for each row.
#[derive(Debug, Clone, Copy)]
pub enum Column<'a> {
    /// Numbers.
    Numbers(&'a [f32]),
    /// Whole numbers that name categories.
    Integers(&'a [i64]),
    /// Texts that name categories.
    Text(&'a [&'a str]),
}

impl Column<'_> {
    fn len(&self) -> usize {
        match self {
            Column::Numbers(numbers) => numbers.len(),
            Column::Integers(numbers) => numbers.len(),
            Column::Text(texts) => texts.len(),
        }
    }

    fn kind(&self) -> &'static str {
        match self {
            Column::Numbers(_) => "numbers",
            Column::Integers(_) => "whole numbers",
            Column::Text(_) => "texts",
        }
    }
}

/// What is made of a column.
#[derive(Debug, Clone)]
enum Kind {
    Float,
    Rescaled {
        scale: f32,
        offset: f32,
    },
    /// Mean and standard deviation, once they are learnt.
    Normalized(Option<[f32; 2]>),
    /// Boundaries, once they are learnt, or as they are given.
    Discretized {
        bins: usize,
        boundaries: Option<Vec<f32>>,
        given: bool,
    },
    Integers {
        lookup: IntegerLookup,
        adapted: bool,
    },
    Texts {
        lookup: StringLookup,
        adapted: bool,
    },
    HashedIntegers(Hashing<i64>),
    HashedTexts(Hashing<String>),
}

/// What a [`FeatureSpace`] makes of one column. Categories are vectors with a 1 in their place, unless [`Feature::int`] is asked for.
#[derive(Debug, Clone)]
pub struct Feature {
    kind: Kind,
    one_hot: bool,
}

impl Feature {
    fn of(kind: Kind) -> Self {
        Feature { kind, one_hot: true }
    }

    /// The numbers themselves.
    pub fn float() -> Self {
        Feature::of(Kind::Float)
    }

    /// `x * scale + offset`.
    pub fn float_rescaled(scale: f32, offset: f32) -> Self {
        Feature::of(Kind::Rescaled { scale, offset })
    }

    /// `(x - mean) / standard deviation`, which [`FeatureSpace::adapt`] learns.
    pub fn float_normalized() -> Self {
        Feature::of(Kind::Normalized(None))
    }

    /// The bin that a number falls in, of so many that hold about equally many of those that [`FeatureSpace::adapt`] sees.
    pub fn float_discretized(num_bins: usize) -> Self {
        Feature::of(Kind::Discretized { bins: num_bins, boundaries: None, given: false })
    }

    /// The bin that a number falls in: how many of these boundaries, in ascending order, are not above it.
    pub fn float_discretized_at(bin_boundaries: &[f32]) -> Self {
        let bins = bin_boundaries.len() + 1;
        Feature::of(Kind::Discretized { bins, boundaries: Some(bin_boundaries.to_vec()), given: true })
    }

    /// The number of a whole number among those that [`FeatureSpace::adapt`] sees; 0 for others.
    pub fn integer_categorical() -> Self {
        Feature::of(Kind::Integers { lookup: IntegerLookup::default(), adapted: false })
    }

    /// The number of a text among those that [`FeatureSpace::adapt`] sees; 0 for others.
    pub fn string_categorical() -> Self {
        Feature::of(Kind::Texts { lookup: StringLookup::default(), adapted: false })
    }

    /// The bin of a whole number's hash.
    pub fn integer_hashed(num_bins: u32) -> Self {
        Feature::of(Kind::HashedIntegers(Hashing::new(num_bins)))
    }

    /// The bin of a text's hash.
    pub fn string_hashed(num_bins: u32) -> Self {
        Feature::of(Kind::HashedTexts(Hashing::new(num_bins)))
    }

    /// For categories with a vocabulary: at most so many, and so many numbers for what is not among them (Keras's `max_tokens`
    /// and `num_oov_indices`; by default no bound, and 1). Nothing changes for others.
    pub fn tokens(mut self, max_tokens: Option<usize>, num_oov_indices: usize) -> Self {
        match &mut self.kind {
            Kind::Integers { lookup, .. } => {
                (lookup.max_tokens, lookup.num_oov_indices) = (max_tokens, num_oov_indices);
            }
            Kind::Texts { lookup, .. } => {
                (lookup.max_tokens, lookup.num_oov_indices) = (max_tokens, num_oov_indices);
            }
            _ => {}
        }
        self
    }

    /// Categories as their numbers, for an `embedding` (Keras's `output_mode = "int"`).
    pub fn int(self) -> Self {
        Feature { one_hot: false, ..self }
    }
}

/// Numbers of one feature: as they are, or categories and how many there are.
enum Encoded {
    Numbers(Vec<f32>),
    Categories(Vec<i64>, usize),
}

/// A feature that crosses others.
#[derive(Debug, Clone)]
struct Cross {
    features: Vec<String>,
    crossing: HashedCrossing,
    one_hot: bool,
}

/// Makes the columns of a table into the numbers that a model takes: features first, then crosses, each in alphabetical order of
/// their names, as Keras's `FeatureSpace` does.
///
/// ```
/// use keras_runtime::preprocessing::features::{Column, Feature, FeatureSpace};
///
/// let table = [
///     ("age", Column::Numbers(&[31.0, 44.0, 27.0, 62.0])),
///     ("city", Column::Text(&["Oslo", "Bergen", "Oslo", "Oslo"])),
/// ];
/// let mut space = FeatureSpace::new([
///     ("age", Feature::float_discretized_at(&[30.0, 50.0])),
///     ("city", Feature::string_categorical()),
/// ])
/// .cross(&["age", "city"], 8);
/// space.adapt(&table)?;
/// let x = space.transform(&table)?;
/// assert_eq!(x.dim(), (4, 3 + 3 + 8)); // three bins, two cities and others, eight bins of both
/// # Ok::<(), keras_runtime::Error>(())
/// ```
#[derive(Debug, Clone)]
pub struct FeatureSpace {
    features: BTreeMap<String, Feature>,
    crosses: BTreeMap<String, Cross>,
}

fn setting(name: &'static str, expected: String, found: impl ToString) -> Error {
    Error::Setting { name, expected, found: found.to_string() }
}

impl FeatureSpace {
    /// Of columns by name.
    pub fn new<'a>(features: impl IntoIterator<Item = (&'a str, Feature)>) -> Self {
        let features = features.into_iter().map(|(name, feature)| (name.to_string(), feature));
        FeatureSpace { features: features.collect(), crosses: BTreeMap::new() }
    }

    fn crossed(mut self, features: &[&str], crossing_dim: u32, one_hot: bool) -> Self {
        let names: Vec<String> = features.iter().map(|name| name.to_string()).collect();
        let crossing = HashedCrossing::new(crossing_dim);
        self.crosses.insert(names.join("_X_"), Cross { features: names, crossing, one_hot });
        self
    }

    /// With a category for each combination of these features' categories, by its hash into `crossing_dim` bins. Its name is
    /// theirs with `_X_` between them.
    pub fn cross(self, features: &[&str], crossing_dim: u32) -> Self {
        self.crossed(features, crossing_dim, true)
    }

    /// As [`FeatureSpace::cross`], as numbers.
    pub fn cross_int(self, features: &[&str], crossing_dim: u32) -> Self {
        self.crossed(features, crossing_dim, false)
    }

    fn column<'a>(&self, table: &[(&str, Column<'a>)], name: &str) -> Result<Column<'a>> {
        let found = table.iter().find(|(other, _)| *other == name).map(|(_, column)| *column);
        let column = found.ok_or_else(|| Error::Unknown {
            kind: "column",
            name: name.into(),
            known: table.iter().map(|(name, _)| *name).collect::<Vec<_>>().join(", "),
        })?;
        let (first, rows) = (&table[0].0, table[0].1.len());
        match column.len() == rows {
            true => Ok(column),
            false => Err(Error::Rows {
                what: format!("column `{name}`"),
                found: column.len(),
                other: format!("column `{first}`"),
                expected: rows,
            }),
        }
    }

    /// Learns vocabularies, means and boundaries from a table. What was learnt before is forgotten.
    ///
    /// # Errors
    /// When a column is missing, is of another kind than its feature, or of another length than the first; when a setting is
    /// out of its range.
    pub fn adapt(&mut self, table: &[(&str, Column<'_>)]) -> Result<()> {
        let columns =
            self.features.keys().map(|name| self.column(table, name)).collect::<Result<Vec<_>>>()?;
        for ((name, feature), column) in self.features.iter_mut().zip(columns) {
            feature.kind.learn(name, column)?;
        }
        Ok(())
    }

    fn encode(&self, table: &[(&str, Column<'_>)], name: &str) -> Result<Encoded> {
        let feature = self.features.get(name).ok_or_else(|| Error::Unknown {
            kind: "feature",
            name: name.into(),
            known: self.features.keys().cloned().collect::<Vec<_>>().join(", "),
        })?;
        feature.kind.encode(name, self.column(table, name)?)
    }

    /// Each feature and each cross by name: `[rows, 1]`, or `[rows, categories]` for vectors (Keras's `output_mode = "dict"`).
    ///
    /// # Errors
    /// As [`FeatureSpace::adapt`]. When it was not called and must have been. When a cross names what is no feature with
    /// categories.
    pub fn columns(&self, table: &[(&str, Column<'_>)]) -> Result<Vec<(String, Array2<f32>)>> {
        let mut all = vec![];
        for (name, feature) in &self.features {
            all.push((name.clone(), numbers(self.encode(table, name)?, feature.one_hot)));
        }
        for (name, cross) in &self.crosses {
            let mut parts = vec![];
            for feature in &cross.features {
                match self.encode(table, feature)? {
                    Encoded::Categories(categories, _) => parts.push(categories),
                    Encoded::Numbers(_) => {
                        let expected = format!("features with categories in the cross `{name}`");
                        return Err(setting("cross", expected, format!("`{feature}`, which is a number")));
                    }
                }
            }
            let columns: Vec<hashing::Column<'_>> =
                parts.iter().map(|part| hashing::Column::Integers(part)).collect();
            let bins = cross.crossing.indices(&columns)?.into_iter().map(i64::from).collect();
            let encoded = Encoded::Categories(bins, cross.crossing.num_bins as usize);
            all.push((name.clone(), numbers(encoded, cross.one_hot)));
        }
        Ok(all)
    }

    /// All of [`FeatureSpace::columns`] side by side (Keras's `output_mode = "concat"`).
    ///
    /// # Errors
    /// As [`FeatureSpace::columns`]. When a feature gives numbers of categories, which no model should take for amounts.
    pub fn transform(&self, table: &[(&str, Column<'_>)]) -> Result<Array2<f32>> {
        let plain = self.features.iter().find(|(_, feature)| !feature.one_hot).map(|(name, _)| name);
        let crossed = self.crosses.iter().find(|(_, cross)| !cross.one_hot).map(|(name, _)| name);
        if let Some(name) = plain.or(crossed) {
            let expected = "vectors alone: `columns` gives numbers of categories by themselves".into();
            return Err(setting("output_mode", expected, format!("int, of `{name}`")));
        }
        let columns = self.columns(table)?;
        let views: Vec<_> = columns.iter().map(|(_, column)| column.view()).collect();
        concatenate(Axis(1), &views)
            .map_err(|_| setting("features", "at least one".into(), format!("{} of them", views.len())))
    }
}

fn numbers(encoded: Encoded, one_hot: bool) -> Array2<f32> {
    let column = |numbers: Vec<f32>| Array2::from_shape_fn((numbers.len(), 1), |(row, _)| numbers[row]);
    match encoded {
        Encoded::Numbers(numbers) => column(numbers),
        Encoded::Categories(categories, _) if !one_hot => {
            column(categories.iter().map(|c| *c as f32).collect())
        }
        Encoded::Categories(categories, depth) => {
            Array2::from_shape_fn((categories.len(), depth), |(row, c)| {
                f32::from(u8::from(categories[row] == c as i64))
            })
        }
    }
}

fn misfit(name: &str, expected: &str, column: Column<'_>) -> Error {
    setting("column", format!("{expected} for the feature `{name}`"), column.kind())
}

fn not_adapted(name: &str) -> Error {
    setting("adapt", format!("to be called first: the feature `{name}` learns from data"), "not called")
}

/// The numbers of a column; whole ones are numbers too.
fn as_numbers(name: &str, column: Column<'_>) -> Result<Vec<f32>> {
    match column {
        Column::Numbers(numbers) => Ok(numbers.to_vec()),
        Column::Integers(numbers) => Ok(numbers.iter().map(|n| *n as f32).collect()),
        Column::Text(_) => Err(misfit(name, "numbers", column)),
    }
}

fn as_integers<'a>(name: &str, column: Column<'a>) -> Result<&'a [i64]> {
    match column {
        Column::Integers(numbers) => Ok(numbers),
        _ => Err(misfit(name, "whole numbers", column)),
    }
}

fn as_texts(name: &str, column: Column<'_>) -> Result<Vec<String>> {
    match column {
        Column::Text(texts) => Ok(texts.iter().map(|text| text.to_string()).collect()),
        _ => Err(misfit(name, "texts", column)),
    }
}

fn rows<T: Clone>(values: &[T]) -> Vec<[T; 1]> {
    values.iter().map(|value| [value.clone()]).collect()
}

fn looked_up<K: Token>(lookup: &Lookup<K>, values: &[K]) -> Result<Encoded> {
    let indices = lookup.indices(&rows(values))?;
    Ok(Encoded::Categories(indices.concat().into_iter().map(i64::from).collect(), lookup.vocabulary_size()))
}

fn hashed<K: hashing::Category>(hashing: &Hashing<K>, values: &[K]) -> Result<Encoded> {
    let bins = hashing.indices(&rows(values))?;
    Ok(Encoded::Categories(bins.iter().map(|bin| i64::from(*bin)).collect(), hashing.num_bins as usize))
}

impl Kind {
    fn learn(&mut self, name: &str, column: Column<'_>) -> Result<()> {
        match self {
            Kind::Normalized(learnt) => {
                let numbers = as_numbers(name, column)?;
                let n = numbers.len().max(1) as f64;
                let mean = numbers.iter().map(|x| f64::from(*x)).sum::<f64>() / n;
                let variance = numbers.iter().map(|x| (f64::from(*x) - mean).powi(2)).sum::<f64>() / n;
                *learnt = Some([mean as f32, variance.sqrt() as f32]);
            }
            Kind::Discretized { given: true, .. } => {}
            Kind::Discretized { bins, boundaries, .. } => {
                let numbers = as_numbers(name, column)?;
                if *bins < 2 {
                    return Err(setting("num_bins", format!("at least 2 for the feature `{name}`"), *bins));
                }
                let mut seen = Quantiles::new(ACCURACY);
                numbers.chunks(PIECE).for_each(|piece| seen.see(piece.to_vec()));
                *boundaries = Some(seen.boundaries(*bins));
            }
            Kind::Integers { lookup, adapted } => {
                lookup.adapt(&rows(as_integers(name, column)?))?;
                *adapted = true;
            }
            Kind::Texts { lookup, adapted } => {
                lookup.adapt(&rows(&as_texts(name, column)?))?;
                *adapted = true;
            }
            Kind::Float | Kind::Rescaled { .. } | Kind::HashedIntegers(_) | Kind::HashedTexts(_) => {}
        }
        Ok(())
    }

    fn encode(&self, name: &str, column: Column<'_>) -> Result<Encoded> {
        match self {
            Kind::Float => as_numbers(name, column).map(Encoded::Numbers),
            Kind::Rescaled { scale, offset } => {
                let numbers = as_numbers(name, column)?;
                Ok(Encoded::Numbers(numbers.iter().map(|x| x * scale + offset).collect()))
            }
            Kind::Normalized(learnt) => {
                let ([mean, deviation], numbers) =
                    (learnt.ok_or_else(|| not_adapted(name))?, as_numbers(name, column)?);
                let normal = |x: &f32| (x - mean) / deviation.max(EPSILON);
                Ok(Encoded::Numbers(numbers.iter().map(normal).collect()))
            }
            Kind::Discretized { bins, boundaries, .. } => {
                let boundaries = boundaries.as_ref().ok_or_else(|| not_adapted(name))?;
                let numbers = as_numbers(name, column)?;
                let bin = |x: &f32| boundaries.partition_point(|boundary| boundary <= x) as i64;
                Ok(Encoded::Categories(numbers.iter().map(bin).collect(), *bins))
            }
            Kind::Integers { adapted: false, .. } | Kind::Texts { adapted: false, .. } => {
                Err(not_adapted(name))
            }
            Kind::Integers { lookup, .. } => looked_up(lookup, as_integers(name, column)?),
            Kind::Texts { lookup, .. } => looked_up(lookup, &as_texts(name, column)?),
            Kind::HashedIntegers(hashing) => hashed(hashing, as_integers(name, column)?),
            Kind::HashedTexts(hashing) => hashed(hashing, &as_texts(name, column)?),
        }
    }
}
