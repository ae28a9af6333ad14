//! Files of a folder with a folder for each class (`keras.utils.text_dataset_from_directory` and its like).

use std::collections::HashSet;
use std::fs;
use std::path::{Path, PathBuf};

use ndarray::ArrayD;

use crate::data::seeded;
use crate::error::{Error, Result};

/// Where the labels of files come from.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Labels {
    /// From the names of folders.
    #[default]
    Inferred,
    /// There are none.
    None,
    /// From a list, in the alphabetical order of the files.
    Given(Vec<u32>),
}

/// In which form labels are given (`label_mode`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum LabelMode {
    /// Their numbers.
    #[default]
    Int,
    /// 1 in the place of their number.
    Categorical,
    /// `[0]` or `[1]`, of two classes.
    Binary,
}

/// Which part of the files is taken.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Subset {
    /// All but the last share.
    Training(f64),
    /// The last share.
    Validation(f64),
}

/// Which files of a folder are taken, and in what order: Keras's arguments and defaults.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Directory {
    /// Where labels come from.
    pub labels: Labels,
    /// In which form they are given.
    pub label_mode: LabelMode,
    /// The classes in an order of their own, or some of them; all in alphabetical order if it is empty.
    pub class_names: Vec<String>,
    /// The seed of the order of the files, which is that of Keras; alphabetical, class by class, without one.
    pub shuffle: Option<u32>,
    /// A part of the files; two parts of one share have no file in common, and all together.
    pub subset: Option<Subset>,
    /// Whether folders that are links are gone into.
    pub follow_links: bool,
}

/// Files and their labels.
#[derive(Debug, Clone, PartialEq)]
pub struct Files {
    /// The files.
    pub file_paths: Vec<PathBuf>,
    /// The number of each one's class; empty where there are no labels.
    pub labels: Vec<u32>,
    /// Names of the classes.
    pub class_names: Vec<String>,
    mode: LabelMode,
}

impl Files {
    /// The label of a file in the form of `label_mode`.
    pub fn label(&self, index: usize) -> Option<ArrayD<f32>> {
        let label = *self.labels.get(index)?;
        Some(match self.mode {
            LabelMode::Int => ndarray::arr0(label as f32).into_dyn(),
            LabelMode::Binary => ndarray::arr1(&[label as f32]).into_dyn(),
            LabelMode::Categorical => {
                let classes = 0..self.class_names.len() as u32;
                classes
                    .map(|class| f32::from(u8::from(class == label)))
                    .collect::<ndarray::Array1<f32>>()
                    .into_dyn()
            }
        })
    }
}

fn setting(name: &'static str, expected: impl Into<String>, found: impl ToString) -> Error {
    Error::Setting { name, expected: expected.into(), found: found.to_string() }
}

impl Directory {
    /// The files of a folder whose names end in one of `formats`.
    ///
    /// # Errors
    /// When the folder cannot be read or holds no such file, or the settings contradict it or each other.
    pub fn files(&self, directory: impl AsRef<Path>, formats: &[&str]) -> Result<Files> {
        let directory = directory.as_ref();
        let (mut file_paths, mut labels, class_names) = match &self.labels {
            Labels::Inferred => self.inferred(directory, formats)?,
            _ if !self.class_names.is_empty() => {
                return Err(setting("class_names", "none where labels are not inferred", "given"));
            }
            given => {
                let found = within(directory, formats, self.follow_links)?;
                let labels = if let Labels::Given(labels) = given { labels.clone() } else { vec![] };
                if *given != Labels::None && labels.len() != found.len() {
                    let what = format!("one for each of the {} files", found.len());
                    return Err(setting("labels", what, labels.len()));
                }
                let mut names: Vec<u32> = labels.clone();
                names.sort_unstable();
                names.dedup();
                (found, labels, names.iter().map(ToString::to_string).collect())
            }
        };
        if self.label_mode == LabelMode::Binary && !labels.is_empty() && class_names.len() != 2 {
            return Err(setting(
                "label_mode",
                "Binary for two classes alone",
                format!("for {}", class_names.len()),
            ));
        }
        if let Some(seed) = self.shuffle {
            let order = seeded::order(seed, file_paths.len());
            file_paths = seeded::shuffled(&file_paths, &order);
            if !labels.is_empty() {
                labels = seeded::shuffled(&labels, &order);
            }
        }
        if let Some(subset) = self.subset {
            let (Subset::Training(share) | Subset::Validation(share)) = subset;
            if !(share > 0.0 && share < 1.0) {
                return Err(setting("subset", "a share between 0 and 1", share));
            }
            let first = file_paths.len() - (share * file_paths.len() as f64) as usize;
            let part = |len: usize| match subset {
                Subset::Training(_) => 0..first.min(len),
                Subset::Validation(_) => first.min(len)..len,
            };
            file_paths = file_paths[part(file_paths.len())].to_vec();
            labels = labels[part(labels.len())].to_vec();
        }
        if file_paths.is_empty() {
            let place = if self.labels == Labels::Inferred { "a folder for each class, " } else { "" };
            let what =
                format!("{} ({place}with files that end in {})", directory.display(), formats.join(", "));
            return Err(Error::Empty { what });
        }
        Ok(Files { file_paths, labels, class_names, mode: self.label_mode })
    }

    fn inferred(&self, directory: &Path, formats: &[&str]) -> Result<(Vec<PathBuf>, Vec<u32>, Vec<String>)> {
        let folders = entries(directory)?.into_iter().filter(|path| path.is_dir());
        let name = |path: &Path| path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let mut classes: Vec<String> =
            folders.map(|folder| name(&folder)).filter(|name| !name.starts_with('.')).collect();
        if !self.class_names.is_empty() {
            if let Some(other) = self.class_names.iter().find(|name| !classes.contains(name)) {
                return Err(Error::Unknown {
                    kind: "folder of a class",
                    name: other.clone(),
                    known: classes.join(", "),
                });
            }
            classes = self.class_names.clone();
        }
        let (mut files, mut labels) = (vec![], vec![]);
        for (class, name) in classes.iter().enumerate() {
            let found = within(&directory.join(name), formats, self.follow_links)?;
            labels.extend(std::iter::repeat_n(class as u32, found.len()));
            files.extend(found);
        }
        Ok((files, labels, classes))
    }
}

/// What is in a folder, in alphabetical order.
fn entries(folder: &Path) -> Result<Vec<PathBuf>> {
    let failed = |source| Error::Io { action: "read", path: folder.into(), source };
    let entries = fs::read_dir(folder).map_err(failed)?;
    let mut paths: Vec<PathBuf> =
        entries.map(|entry| entry.map(|entry| entry.path())).collect::<Result<_, _>>().map_err(failed)?;
    paths.sort();
    Ok(paths)
}

/// Files whose names end in one of `formats`, of a folder and those within: folders in the order of their paths, and in each the
/// files in the order of their names.
fn within(folder: &Path, formats: &[&str], follow_links: bool) -> Result<Vec<PathBuf>> {
    let mut folders = vec![folder.to_path_buf()];
    // Links may lead back to where they are.
    let mut seen = HashSet::new();
    let mut found: Vec<(String, Vec<PathBuf>)> = vec![];
    while let Some(folder) = folders.pop() {
        if !seen.insert(fs::canonicalize(&folder).unwrap_or_else(|_| folder.clone())) {
            continue;
        }
        let mut files = vec![];
        for path in entries(&folder)? {
            let name = path.file_name().unwrap_or_default().to_string_lossy().to_lowercase();
            if path.is_dir() {
                if follow_links || !path.is_symlink() {
                    folders.push(path);
                }
            } else if formats.iter().any(|format| name.ends_with(format)) {
                files.push(path);
            }
        }
        found.push((folder.to_string_lossy().into_owned(), files));
    }
    found.sort();
    Ok(found.into_iter().flat_map(|(_, files)| files).collect())
}

/// The texts of a folder with a folder for each class, in memory.
#[derive(Debug, Clone, PartialEq)]
pub struct Texts {
    /// The texts.
    pub texts: Vec<String>,
    /// Their files and labels.
    pub files: Files,
}

/// Reads the files of a folder that end in `.txt` (`keras.utils.text_dataset_from_directory`): of each the first `max_length`
/// bytes, or all of it.
///
/// ```no_run
/// use keras_runtime::preprocessing::directory::{Directory, Subset, text_dataset_from_directory};
/// use keras_runtime::preprocessing::vectorization::TextVectorization;
///
/// let settings = Directory { shuffle: Some(1), subset: Some(Subset::Training(0.2)), ..Directory::default() };
/// let train = text_dataset_from_directory("aclImdb/train", None, &settings)?;
/// let mut vectorization = TextVectorization { output_sequence_length: Some(250), ..TextVectorization::default() };
/// vectorization.adapt(&train.texts)?;
/// let (x, y) = (vectorization.encode(&train.texts)?, train.files.labels);
/// # Ok::<(), keras_runtime::Error>(())
/// ```
///
/// # Errors
/// When the folder or a file cannot be read, or the settings contradict it or each other.
pub fn text_dataset_from_directory(
    directory: impl AsRef<Path>,
    max_length: Option<usize>,
    settings: &Directory,
) -> Result<Texts> {
    let files = settings.files(directory, &[".txt"])?;
    let read = |path: &PathBuf| {
        let bytes =
            fs::read(path).map_err(|source| Error::Io { action: "read", path: path.clone(), source })?;
        let bytes = &bytes[..max_length.unwrap_or(usize::MAX).min(bytes.len())];
        Ok(String::from_utf8_lossy(bytes).into_owned())
    };
    let texts = files.file_paths.iter().map(read).collect::<Result<_>>()?;
    Ok(Texts { texts, files })
}
