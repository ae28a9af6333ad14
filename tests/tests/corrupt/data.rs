//! Files of data: arrays, Keras's data sets, tables and texts, sounds, pictures.

use std::fs;
use std::io::{Cursor, Read, Write};
use std::path::{Path, PathBuf};

use keras_runtime::applications::imagenet::ClassIndex;
use keras_runtime::data::datasets::{LabelMode, Store, TextSettings, Version};
use keras_runtime::data::{Batches, Csv, CsvBatches, Npy, Npz, Samples, read_image, read_npy};
use keras_runtime::prelude::*;
use keras_runtime::preprocessing::audio::read_wav;
use keras_runtime::preprocessing::text::{MatrixMode, Tokenizer};

use super::{Case, fixture};

pub fn arrays() -> Vec<Case> {
    let file = |name: &str| std::env::temp_dir().join(format!("keras-corrupt-{}-{name}", std::process::id()));
    let array = ndarray::Array3::from_shape_fn((7, 5, 3), |(i, j, k)| (i * 15 + j * 3 + k) as f32);
    let (npy, npz, small) = (file("a.npy"), file("a.npz"), file("b.npz"));
    keras_runtime::data::write_npy(&npy, &array).expect("an array");
    let tensors = || {
        use keras_runtime::data::IntoTensor;
        [("x", array.clone().into_tensor()), ("labels", vec![3i64; 7].into_tensor())]
    };
    Npz::write(&npz, &tensors()).expect("an archive");
    Npz::write_compressed(&small, &tensors()).expect("an archive");
    let bytes = |path: &PathBuf| {
        let bytes = fs::read(path).expect("a file");
        fs::remove_file(path).ok();
        bytes
    };
    let npz_read = |path: &Path| {
        let archive = Npz::open(path)?;
        archive.names().iter().try_for_each(|name| archive.get(name).map(drop))
    };
    vec![
        Case {
            name: "npy",
            file: "a.npy",
            bytes: bytes(&npy),
            read: Box::new(|path| read_npy(path).map(drop)),
        },
        Case {
            name: "npy by rows",
            file: "rows.npy",
            bytes: npy_of(&fs::read(&npz).expect("an archive")),
            read: Box::new(|path| {
                let npy = Npy::open(path)?;
                (0..npy.len().min(9)).try_for_each(|row| npy.row(row).map(drop))
            }),
        },
        Case {
            name: "npy in memory",
            file: "mapped.npy",
            bytes: npy_of(&fs::read(&npz).expect("an archive")),
            read: Box::new(|path| {
                // SAFETY: the file is changed before and after.
                let npy = unsafe { Npy::map(path) }?;
                (0..npy.len().min(9)).try_for_each(|row| npy.row(row).map(drop))
            }),
        },
        Case { name: "npz", file: "a.npz", bytes: bytes(&npz), read: Box::new(npz_read) },
        Case { name: "compressed npz", file: "b.npz", bytes: bytes(&small), read: Box::new(npz_read) },
    ]
}

/// The first array of an archive.
fn npy_of(archive: &[u8]) -> Vec<u8> {
    let mut archive = zip::ZipArchive::new(Cursor::new(archive)).expect("an archive");
    let mut bytes = vec![];
    archive.by_index(0).expect("an array").read_to_end(&mut bytes).expect("its bytes");
    bytes
}

/// Bytes as an array of an archive whose checksums are right, so that what is in it is read.
fn archived(path: &Path, names: &[&str], at: &Path) {
    let bytes = fs::read(path).expect("the array");
    let mut archive = zip::ZipWriter::new(Cursor::new(vec![]));
    let labels = fixture_labels(names.len());
    for (i, name) in names.iter().enumerate() {
        let content = if i % 2 == 0 { &bytes } else { &labels };
        archive.start_file(format!("{name}.npy"), zip::write::SimpleFileOptions::default()).expect("a file");
        archive.write_all(content).expect("its bytes");
    }
    fs::write(at, archive.finish().expect("an archive").into_inner()).expect("a file");
}

/// As many labels as the texts of `reuters.npz` or of the training of `imdb.npz`.
fn fixture_labels(arrays: usize) -> Vec<u8> {
    let name = if arrays == 2 { "datasets/reuters.npz" } else { "datasets/imdb.npz" };
    let mut archive = zip::ZipArchive::new(Cursor::new(fixture(name))).expect("an archive");
    let mut bytes = vec![];
    let mut entry = archive.by_name(if arrays == 2 { "y.npy" } else { "y_train.npy" }).expect("labels");
    entry.read_to_end(&mut bytes).expect("their bytes");
    bytes
}

fn member(archive: &str, name: &str) -> Vec<u8> {
    let mut archive = zip::ZipArchive::new(Cursor::new(fixture(archive))).expect("an archive");
    let mut bytes = vec![];
    archive.by_name(name).expect("an array").read_to_end(&mut bytes).expect("its bytes");
    bytes
}

/// The unpacked member of an archive of CIFAR's.
fn batch() -> Vec<u8> {
    let archive = fixture("datasets/cifar-100-python.tar.gz");
    let mut archive = tar::Archive::new(flate2::read::GzDecoder::new(&archive[..]));
    let mut bytes = vec![];
    for entry in archive.entries().expect("entries") {
        let mut entry = entry.expect("an entry");
        if entry.path().expect("a path").ends_with("train") {
            entry.read_to_end(&mut bytes).expect("its bytes");
        }
    }
    bytes
}

pub fn sets() -> Vec<Case> {
    let plain = TextSettings::default;
    let whole = |name: &'static str, file: &'static str, from: &str, read: fn(&Store) -> Result<()>| Case {
        name,
        file,
        bytes: fixture(&format!("datasets/{from}")),
        read: Box::new(move |path| read(&Store::at(path.parent().expect("a folder")))),
    };
    let mut cases = vec![
        whole("mnist.npz", "mnist.npz", "mnist.npz", |store| store.mnist().map(drop)),
        whole("imdb.npz", "imdb.npz", "imdb.npz", |store| store.imdb(&TextSettings::default()).map(drop)),
        whole("word indices", "imdb_word_index.json", "imdb_word_index.json", |store| {
            store.imdb_word_index().map(drop)
        }),
        whole("california_housing.npz", "california_housing.npz", "california_housing.npz", |store| {
            store.california_housing(Version::Small, 0.2, 1).map(drop)
        }),
        whole("archives of CIFAR", "cifar-10-python.tar.gz", "cifar-10-python.tar.gz", |store| {
            store.cifar10().map(drop)
        }),
    ];
    for (name, file, from) in [
        ("pickles of texts", "texts.npy", member("datasets/imdb.npz", "x_train.npy")),
        ("old pickles of texts", "old_texts.npy", member("datasets/reuters.npz", "x.npy")),
    ] {
        let names: &'static [&'static str] =
            if file == "texts.npy" { &["x_train", "y_train", "x_test", "y_test"] } else { &["x", "y"] };
        cases.push(Case {
            name,
            file,
            bytes: from,
            read: Box::new(move |path| {
                let folder = path.with_extension("folder");
                fs::create_dir_all(&folder).expect("a folder");
                let set = if names.len() == 4 { "imdb.npz" } else { "reuters.npz" };
                archived(path, names, &folder.join(set));
                let store = Store::at(folder);
                if names.len() == 4 {
                    store.imdb(&plain()).map(drop)
                } else {
                    store.reuters(0.2, &plain()).map(drop)
                }
            }),
        });
    }
    cases.push(Case {
        name: "pickles of images",
        file: "cifar-100-python/train",
        bytes: batch(),
        read: Box::new(|path| {
            let folder = path.parent().expect("a folder");
            let test = folder.join("test");
            if !test.exists() {
                fs::copy(path, test).expect("a copy");
            }
            let store = Store::at(folder.parent().expect("a folder"));
            store.cifar100(LabelMode::Fine)?;
            store.cifar100(LabelMode::Coarse).map(drop)
        }),
    });
    let mut idx = vec![];
    let zipped = fixture("datasets/fashion-mnist/train-images-idx3-ubyte.gz");
    flate2::read::GzDecoder::new(&zipped[..]).read_to_end(&mut idx).expect("an idx file");
    for (name, file, bytes) in [
        ("idx", "fashion-mnist/train-images-idx3-ubyte", idx),
        ("gzipped idx", "zipped/fashion-mnist/train-images-idx3-ubyte.gz", zipped),
    ] {
        cases.push(Case {
            name,
            file,
            bytes,
            read: Box::new(|path| {
                let folder = path.parent().expect("a folder");
                for name in
                    ["train-labels-idx1-ubyte.gz", "t10k-images-idx3-ubyte.gz", "t10k-labels-idx1-ubyte.gz"]
                {
                    if !folder.join(name).exists() {
                        fs::write(folder.join(name), fixture(&format!("datasets/fashion-mnist/{name}")))
                            .expect("a file");
                    }
                }
                Store::at(folder.parent().expect("a folder")).fashion_mnist().map(drop)
            }),
        });
    }
    cases
}

pub fn texts() -> Vec<Case> {
    let shipped = |name: &str| {
        fs::read(format!("{}/../examples/data/tabular/{name}", env!("CARGO_MANIFEST_DIR"))).expect("a table")
    };
    let table = b"length,width,species\n5.1,3.5,setosa\n7.0,3.2,versicolor\n6.5,\"3\",setosa\n".to_vec();
    vec![
        Case {
            name: "csv",
            file: "a.csv",
            bytes: table.clone(),
            read: Box::new(|path| {
                let table = Csv::open(path)?;
                table.numbers(&["length", "width"])?;
                table.classes("species").map(drop)
            }),
        },
        Case {
            name: "csv by batches",
            file: "b.csv",
            bytes: table,
            read: Box::new(|path| {
                let mut batches = CsvBatches::open(path, &["length"], &["width"], 2)?;
                batches.begin(0)?;
                while batches.next()?.is_some() {}
                Ok(())
            }),
        },
        Case {
            name: "tables of classes",
            file: "iris.csv",
            bytes: shipped("iris.csv"),
            read: Box::new(|path| Store::at(path.parent().expect("a folder")).iris().map(drop)),
        },
        Case {
            name: "zipped series",
            file: "us_births_1969_1988.csv.gz",
            bytes: shipped("us_births_1969_1988.csv.gz"),
            read: Box::new(|path| Store::at(path.parent().expect("a folder")).us_births().map(drop)),
        },
        Case {
            name: "tokenizers",
            file: "tokenizer.json",
            bytes: fixture("tokenizer.json"),
            read: Box::new(|path| {
                let text = String::from_utf8_lossy(&fs::read(path).expect("the file")).into_owned();
                let tokenizer = Tokenizer::from_json(&text)?;
                let sequences = tokenizer.texts_to_sequences(&["the cat sat on a mat", "unknown"]);
                tokenizer.sequences_to_texts(&sequences);
                Tokenizer { num_words: tokenizer.num_words.filter(|words| *words < 1000), ..tokenizer }
                    .texts_to_matrix(&["the cat"], MatrixMode::TfIdf)
                    .map(drop)
            }),
        },
        Case {
            name: "indices of classes",
            file: "classes.json",
            bytes: br#"{"0": ["n01", "tench"], "2": ["n03", "shark"], "1": ["n02", "goldfish"]}"#.to_vec(),
            read: Box::new(|path| ClassIndex::open(path).map(drop)),
        },
    ]
}

pub fn sounds() -> Vec<Case> {
    let encoded = |bits_per_sample, sample_format| {
        let mut bytes = Cursor::new(vec![]);
        let spec = hound::WavSpec { channels: 2, sample_rate: 8000, bits_per_sample, sample_format };
        let mut file = hound::WavWriter::new(&mut bytes, spec).expect("a file");
        for i in 0..300 {
            match sample_format {
                hound::SampleFormat::Int => file.write_sample(i * 37 % 4001 - 2000).expect("a sample"),
                hound::SampleFormat::Float => file.write_sample(i as f32 / 300.0).expect("a sample"),
            }
        }
        file.finalize().expect("a whole file");
        bytes.into_inner()
    };
    let read = |path: &Path| read_wav(path).map(drop);
    vec![
        Case {
            name: "wav",
            file: "a.wav",
            bytes: encoded(16, hound::SampleFormat::Int),
            read: Box::new(read),
        },
        Case {
            name: "wav of floats",
            file: "b.wav",
            bytes: encoded(32, hound::SampleFormat::Float),
            read: Box::new(read),
        },
    ]
}

pub fn images() -> Vec<Case> {
    let encoded = |format: image::ImageFormat| {
        let colours = image::RgbImage::from_fn(31, 23, |x, y| {
            image::Rgb([(x * 8) as u8, (y * 11) as u8, (x * y) as u8])
        });
        let mut bytes = Cursor::new(vec![]);
        colours.write_to(&mut bytes, format).expect("an image");
        bytes.into_inner()
    };
    let read = |path: &Path| read_image(path, (8, 8), 3).and_then(|_| read_image(path, (8, 8), 1)).map(drop);
    vec![
        Case { name: "png", file: "a.png", bytes: encoded(image::ImageFormat::Png), read: Box::new(read) },
        Case { name: "jpeg", file: "a.jpg", bytes: encoded(image::ImageFormat::Jpeg), read: Box::new(read) },
    ]
}
