//! Files that are not what they should be, read by everything that reads files: an error or a value, never a panic, and never
//! more memory than such a file could need.
//!
//! Real files are changed in hundreds of ways, the same ones in every run: bits flipped, ends cut off, lengths made huge, parts
//! repeated, left out or put elsewhere. The allocator counts for all threads, so there is no test harness.

#[path = "corrupt/data.rs"]
mod data;
#[path = "corrupt/weights.rs"]
mod weights;

use std::alloc::{GlobalAlloc, Layout, System};
use std::fs;
use std::io::{Cursor, Write};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::time::Instant;

use keras_runtime::data::datasets::{LabelMode, Store, TextSettings};
use keras_runtime::prelude::*;
use keras_runtime::random::Philox;

/// The system's allocator, which counts what is taken.
struct Counting;

static NOW: AtomicUsize = AtomicUsize::new(0);
static MOST: AtomicUsize = AtomicUsize::new(0);

impl Counting {
    fn take(size: usize) {
        let now = NOW.fetch_add(size, SeqCst) + size;
        MOST.fetch_max(now, SeqCst);
    }
}

// SAFETY: every call goes on to the system's allocator as it came.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        Counting::take(layout.size());
        // SAFETY: the caller's promise.
        unsafe { System.alloc(layout) }
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        Counting::take(layout.size());
        // SAFETY: the caller's promise.
        unsafe { System.alloc_zeroed(layout) }
    }

    unsafe fn realloc(&self, ptr: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        Counting::take(size);
        NOW.fetch_sub(layout.size(), SeqCst);
        // SAFETY: the caller's promise.
        unsafe { System.realloc(ptr, layout, size) }
    }

    unsafe fn dealloc(&self, ptr: *mut u8, layout: Layout) {
        NOW.fetch_sub(layout.size(), SeqCst);
        // SAFETY: the caller's promise.
        unsafe { System.dealloc(ptr, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// Ways in which each file is changed, if `KERAS_CORRUPT_WAYS` says nothing else.
const WAYS: u64 = 300;
/// The most memory that reading one of these files may take: all of them are small.
const BOUND: usize = 48 << 20;

type Reader = Box<dyn Fn(&Path) -> Result<()>>;

/// A reader, and a file that it reads.
struct Case {
    name: &'static str,
    /// The file's name within a folder of the test's own.
    file: &'static str,
    bytes: Vec<u8>,
    read: Reader,
}

fn fixture(name: &str) -> Vec<u8> {
    fs::read(format!("{}/fixtures/{name}", env!("CARGO_MANIFEST_DIR"))).expect("a fixture")
}

/// Changes bytes in the way that a number says.
fn changed(whole: &[u8], way: u64) -> Vec<u8> {
    let mut random = Philox::new(way, 77);
    let mut bytes = whole.to_vec();
    let place = |random: &mut Philox, len: usize| random.below(len.max(1) as u32) as usize;
    // Headers are short, and at the beginning or the end: half of all changes are there.
    let any = |random: &mut Philox, len: usize| match random.below(4) {
        0 => place(random, len.min(128)),
        1 => len - 1 - place(random, len.min(128)),
        _ => place(random, len),
    };
    match way % 7 {
        0 => {
            for _ in 0..=random.below(8) {
                let at = any(&mut random, bytes.len());
                bytes[at] ^= 1 << random.below(8);
            }
        }
        1 => bytes.truncate(place(&mut random, whole.len())),
        2 | 3 => {
            // A length, in either order, that is huge or merely too large.
            let at = any(&mut random, bytes.len());
            let word = match random.below(4) {
                0 => [0xff; 8],
                1 => (u64::MAX >> random.below(64)).to_le_bytes(),
                2 => (u64::MAX >> random.below(64)).to_be_bytes(),
                _ => u64::from(random.next_u32()).to_le_bytes(),
            };
            let len = [1, 2, 4, 8][random.below(4) as usize].min(bytes.len() - at);
            bytes[at..at + len].copy_from_slice(&word[..len]);
        }
        4 => {
            let (from, len) = (place(&mut random, whole.len()), 1 + place(&mut random, 64));
            let part = whole[from..(from + len).min(whole.len())].to_vec();
            let at = any(&mut random, bytes.len());
            bytes.splice(at..at, part);
        }
        5 => {
            let at = any(&mut random, bytes.len());
            bytes.drain(at..(at + 1 + place(&mut random, 64)).min(whole.len()));
        }
        _ => {
            let (at, len) = (any(&mut random, bytes.len()), 1 + place(&mut random, 32));
            let end = (at + len).min(bytes.len());
            // Digits stay digits: text is more often still read.
            bytes[at..end].iter_mut().for_each(|byte| match byte {
                b'0'..=b'9' => *byte = b'0' + random.below(10) as u8,
                _ => *byte = random.next_u32() as u8,
            });
        }
    }
    bytes
}

fn ways() -> u64 {
    std::env::var("KERAS_CORRUPT_WAYS").ok().and_then(|ways| ways.parse().ok()).unwrap_or(WAYS)
}

/// Every change of a file: how many were errors, and the most memory that one took.
fn go_over(case: &Case, folder: &Path) -> (usize, usize) {
    let path = folder.join(case.file);
    fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
    fs::write(&path, &case.bytes).expect("a file");
    (case.read)(&path).unwrap_or_else(|error| panic!("{}: the whole file: {error}", case.name));
    let (mut errors, mut most) = (0, 0);
    for way in 0..ways() {
        fs::write(&path, changed(&case.bytes, way)).expect("a file");
        let before = NOW.load(SeqCst);
        MOST.store(before, SeqCst);
        let found = catch_unwind(AssertUnwindSafe(|| (case.read)(&path)));
        let taken = MOST.load(SeqCst).saturating_sub(before);
        let found = found.unwrap_or_else(|_| panic!("{}: way {way} is a panic", case.name));
        assert!(taken <= BOUND, "{}: way {way} takes {taken} bytes", case.name);
        errors += usize::from(found.is_err());
        most = most.max(taken);
    }
    (errors, most)
}

/// Small files that claim to hold very much, in the way of each format, and do: what is taken for them is bounded all the same.
fn bombs(folder: &Path) {
    fs::create_dir_all(folder).expect("a folder");
    // Empty lists, on the stack or off it again.
    let deep = vec![b']'; 64 << 20];
    let flat = b"]0".repeat(32 << 20);
    let mut npy = b"\x93NUMPY\x01\x00\x46\x00".to_vec();
    npy.extend(format!("{:<69}\n", "{'descr': '|O', 'fortran_order': False, 'shape': (9,), }").bytes());
    npy.extend(&flat);
    let mut archive = zip::ZipWriter::new(Cursor::new(vec![]));
    for name in ["x", "y"] {
        archive.start_file(format!("{name}.npy"), zip::write::SimpleFileOptions::default()).expect("a file");
        archive.write_all(&npy).expect("its bytes");
    }
    fs::write(folder.join("reuters.npz"), archive.finish().expect("an archive").into_inner())
        .expect("a file");
    let mut tar = tar::Builder::new(flate2::write::GzEncoder::new(vec![], flate2::Compression::best()));
    for name in ["train", "test"] {
        let mut header = tar::Header::new_gnu();
        header.set_size(deep.len() as u64);
        tar.append_data(&mut header, format!("cifar-100-python/{name}"), &deep[..]).expect("an entry");
    }
    let gzipped = tar.into_inner().and_then(|encoder| encoder.finish()).expect("an archive");
    fs::write(folder.join("cifar-100-python.tar.gz"), gzipped).expect("a file");
    drop((npy, flat, deep));
    let store = Store::at(folder);
    let reuters = || store.reuters(0.2, &TextSettings::default()).map(drop);
    let cifar = || store.cifar100(LabelMode::Fine).map(drop);
    for (file, read) in
        [("reuters.npz", &reuters as &dyn Fn() -> Result<()>), ("cifar-100-python.tar.gz", &cifar)]
    {
        let len = fs::metadata(folder.join(file)).expect("the file").len() as usize;
        let before = NOW.load(SeqCst);
        MOST.store(before, SeqCst);
        assert!(read().is_err(), "{file}");
        let taken = MOST.load(SeqCst).saturating_sub(before);
        println!("{file}: {taken} bytes for {len} that say that they are {}", 128 << 20);
        // An empty list is one byte in a pickle, of which there are sixteen for a byte of the file, and three words in memory.
        assert!(taken <= 600 * len + (16 << 20), "{file}: {taken} bytes for {len}");
    }
}

fn main() {
    let folder = std::env::temp_dir().join(format!("keras-corrupt-{}", std::process::id()));
    // A panic is told once, with the file and the way.
    let only = std::env::args().nth(1).filter(|name| !name.starts_with('-'));
    let data = [data::arrays(), data::sets(), data::texts(), data::sounds(), data::images()];
    for case in std::iter::once(weights::cases()).chain(data).flatten() {
        if only.as_ref().is_some_and(|only| !case.name.contains(only.as_str())) {
            continue;
        }
        let begun = Instant::now();
        let (errors, most) = go_over(&case, &folder);
        println!(
            "{}: {errors} errors of {}, at most {most} bytes for {}, {:.1} s",
            case.name,
            ways(),
            case.bytes.len(),
            begun.elapsed().as_secs_f64()
        );
        assert!(errors as u64 > ways() / 10, "{}: hardly a change is an error", case.name);
    }
    bombs(&folder.join("bombs"));
    fs::remove_dir_all(folder).ok();
}
