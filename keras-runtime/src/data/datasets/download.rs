//! Fetching a file once, with its checksum.

use std::fs::{self, File, OpenOptions};
use std::io::{self, IsTerminal, Read, Write};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use sha2::{Digest, Sha256};

use super::Store;
use crate::error::{Error, Result};

/// No file is larger.
const MOST: u64 = 1 << 34;
/// How often a transfer that was cut is taken up again within one call, if each time more has come.
const TRIES: usize = 5;
/// How long a server may take to answer.
const PATIENCE: Duration = Duration::from_secs(60);
/// How often progress is shown at most.
const PAUSE: Duration = Duration::from_millis(200);

/// How [`get_file`] fetches: Keras's arguments.
#[derive(Debug, Clone)]
pub struct GetFile {
    /// The SHA-256 (64 digits) or MD5 (32 digits) of the file; without it, any content is taken.
    pub file_hash: Option<String>,
    /// The folder within `cache_dir`.
    pub cache_subdir: String,
    /// The folder that files are kept in: `$KERAS_HOME` or `~/.keras` if it is not given.
    pub cache_dir: Option<PathBuf>,
    /// Whether a file that is there is fetched again.
    pub force_download: bool,
    /// Whether the file is an archive (tar, plain or gzipped, or zip) whose content is wanted.
    pub extract: bool,
    /// Whether progress is shown on standard error, where that is a terminal.
    pub progress: bool,
}

impl Default for GetFile {
    fn default() -> Self {
        GetFile {
            file_hash: None,
            cache_subdir: "datasets".into(),
            cache_dir: None,
            force_download: false,
            extract: false,
            progress: true,
        }
    }
}

/// The file `fname` of the cache, fetched from `origin` if it is not there or has another checksum (`keras.utils.get_file`).
///
/// With `extract` it is the folder with what the archive holds, under Keras's names: `flowers_extracted` for `flowers.tgz`, and for a
/// name without an end the name itself, with the archive beside it as `flowers_archive`.
///
/// What has come of a file lies in `FNAME.part` until it is whole: a transfer that was cut is taken up where it stopped, by
/// this call or the next.
///
/// ```no_run
/// use keras_runtime::data::datasets::{GetFile, get_file};
/// let settings = GetFile { file_hash: Some("bfafd718b763782e994055a2d397834f".into()), ..GetFile::default() };
/// let origin = "https://storage.googleapis.com/tensorflow/tf-keras-datasets/imdb_word_index.json";
/// let path = get_file("imdb_word_index.json", origin, &settings)?;
/// # Ok::<(), keras_runtime::Error>(())
/// ```
///
/// # Errors
/// When `fname` is no plain name, the file cannot be fetched or written, its checksum is not `file_hash`, or it is no whole archive.
pub fn get_file(fname: &str, origin: &str, settings: &GetFile) -> Result<PathBuf> {
    if Path::new(fname).file_name() != Some(fname.as_ref()) {
        let expected = "the name of a file, without a folder: `cache_dir` is that".into();
        return Err(Error::Setting { name: "fname", expected, found: format!("`{fname}`") });
    }
    let hash = settings.file_hash.as_deref();
    if let Some(hash) =
        hash.filter(|hash| !([32, 64].contains(&hash.len()) && hash.bytes().all(|b| b.is_ascii_hexdigit())))
    {
        let expected = "a SHA-256 (64 hexadecimal digits) or MD5 (32 digits)".into();
        return Err(Error::Setting { name: "file_hash", expected, found: format!("`{hash}`") });
    }
    let home = || Store::default().home().and_then(|home| home.parent().map(Path::to_path_buf));
    let folder = settings.cache_dir.clone().or_else(home).ok_or_else(|| Error::Download {
        url: origin.into(),
        problem: "there is no home folder to keep it in; set KERAS_HOME".into(),
    })?;
    let folder = folder.join(&settings.cache_subdir);
    let (name, extracted) = match fname.split_once('.') {
        Some((stem, _)) => (fname.to_string(), format!("{stem}_extracted")),
        None if settings.extract => (format!("{fname}_archive"), fname.to_string()),
        None => (fname.to_string(), String::new()),
    };
    let path = folder.join(name);
    let path = fetched(origin, hash, path, settings)?;
    if !settings.extract {
        return Ok(path);
    }
    let extracted = folder.join(extracted);
    unpack(&path, &extracted)?;
    Ok(extracted)
}

/// The file at `path`, fetched if it is not there or is another.
fn fetched(origin: &str, hash: Option<&str>, path: PathBuf, settings: &GetFile) -> Result<PathBuf> {
    let there = path.is_file() && !settings.force_download;
    if there
        && hash.is_none_or(|hash| checksum(&path, hash).is_ok_and(|found| found.eq_ignore_ascii_case(hash)))
    {
        return Ok(path);
    }
    fetch(origin, hash, &path, settings.progress)
}

/// Puts what an archive holds into a folder; nothing of it can be outside of that.
fn unpack(path: &Path, folder: &Path) -> Result<()> {
    let read = |source| Error::Io { action: "read", path: path.to_path_buf(), source };
    let wrong = |problem: String| Error::Format { file: path.display().to_string(), problem };
    let mut begin = vec![];
    File::open(path).map_err(read)?.take(2).read_to_end(&mut begin).map_err(read)?;
    let file = io::BufReader::new(File::open(path).map_err(read)?);
    let unpacked = match begin[..] {
        [b'P', b'K'] => {
            let archive = zip::ZipArchive::new(file);
            archive.and_then(|mut archive| archive.extract(folder)).map_err(|error| error.to_string())
        }
        [0x1f, 0x8b] => {
            let plain = flate2::read::GzDecoder::new(file);
            tar::Archive::new(plain).unpack(folder).map_err(|error| error.to_string())
        }
        _ => tar::Archive::new(file).unpack(folder).map_err(|error| error.to_string()),
    };
    unpacked.map_err(|problem| wrong(format!("is no whole tar or zip archive ({problem})")))
}

/// Fetches `url` to `path`, if its content has the checksum.
pub(super) fn fetch(url: &str, hash: Option<&str>, path: &Path, progress: bool) -> Result<PathBuf> {
    let problem = |problem: String| Error::Download {
        url: url.into(),
        problem: format!("{problem}; the file can be put by hand at {}", path.display()),
    };
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder).map_err(|source| Error::Io {
            action: "create",
            path: folder.to_path_buf(),
            source,
        })?;
    }
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let part = path.with_file_name(format!("{name}.part"));
    // What an earlier call left may be of another file by now: if the whole is wrong, it is fetched from its beginning, once.
    let mut resumed = length(&part) > 0;
    loop {
        transfer(url, &part, progress).map_err(&problem)?;
        let Some(expected) = hash else { break };
        let found = checksum(&part, expected).map_err(|source| Error::Io {
            action: "read",
            path: part.clone(),
            source,
        })?;
        if found.eq_ignore_ascii_case(expected) {
            break;
        }
        let _ = fs::remove_file(&part);
        if !resumed {
            return Err(problem(format!("the file has the checksum {found}, expected {expected}")));
        }
        resumed = false;
    }
    fs::rename(&part, path).map_err(|source| Error::Io {
        action: "write",
        path: path.to_path_buf(),
        source,
    })?;
    Ok(path.to_path_buf())
}

fn length(path: &Path) -> u64 {
    path.metadata().map_or(0, |metadata| metadata.len())
}

/// Fetches what is not there yet, and goes on where it was cut.
fn transfer(url: &str, part: &Path, progress: bool) -> Result<(), String> {
    let mut tries = 0;
    loop {
        let before = length(part);
        match attempt(url, part, progress) {
            Ok(()) => return Ok(()),
            Err(error) => {
                tries += 1;
                if tries >= TRIES || length(part) <= before {
                    return Err(error);
                }
            }
        }
    }
}

/// One request: from the end of what is there, if the server can.
fn attempt(url: &str, part: &Path, progress: bool) -> Result<(), String> {
    let there = length(part);
    let agent: ureq::Agent = ureq::Agent::config_builder()
        .timeout_connect(Some(PATIENCE))
        .timeout_recv_response(Some(PATIENCE))
        .http_status_as_error(false)
        .build()
        .into();
    // The bytes of the file, not of a compressed form of it.
    let request = agent.get(url).header("Accept-Encoding", "identity");
    let request = if there > 0 { request.header("Range", format!("bytes={there}-")) } else { request };
    let mut response = request.call().map_err(|error| error.to_string())?;
    let header = |name: &str| response.headers().get(name).and_then(|value| value.to_str().ok());
    let start = match response.status().as_u16() {
        200 => 0,
        206 if header("content-range").is_some_and(|range| range.starts_with(&format!("bytes {there}-"))) => {
            there
        }
        // There is nothing behind what is there: the checksum tells whether it is the file.
        416 if there > 0 => return Ok(()),
        status => return Err(format!("the server answers with status {status}")),
    };
    let rest: Option<u64> = header("content-length").and_then(|length| length.parse().ok());
    let total = rest.map(|rest| start.saturating_add(rest));
    let mut file = OpenOptions::new()
        .create(true)
        .write(true)
        .truncate(start == 0)
        .append(start > 0)
        .open(part)
        .map_err(|error| format!("{}: {error}", part.display()))?;
    let mut bar = Bar::new(url, total, progress);
    let came = copy(response.body_mut().as_reader(), &mut file, start, &mut bar)
        .map_err(|error| error.to_string())?;
    match total {
        Some(total) if came < total => Err(format!("the transfer stopped after {came} of {total} bytes")),
        _ => Ok(()),
    }
}

/// Writes what comes, and gives the length of the file then.
fn copy(mut from: impl Read, file: &mut File, start: u64, bar: &mut Bar<'_>) -> io::Result<u64> {
    let (mut at, mut bytes) = (start, vec![0; 1 << 16]);
    loop {
        bar.show(at);
        let read = match from.read(&mut bytes) {
            Ok(0) => break,
            Ok(read) => read,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(error),
        };
        at += read as u64;
        if at > MOST {
            return Err(io::Error::other(format!("the file is larger than {MOST} bytes")));
        }
        file.write_all(&bytes[..read])?;
    }
    file.sync_all()?;
    bar.end(at);
    Ok(at)
}

/// The checksum of a file, of the kind that `like` is.
fn checksum(path: &Path, like: &str) -> io::Result<String> {
    fn pass(path: &Path, mut to: impl FnMut(&[u8])) -> io::Result<()> {
        let (mut file, mut bytes) = (File::open(path)?, vec![0; 1 << 16]);
        loop {
            match file.read(&mut bytes)? {
                0 => return Ok(()),
                read => to(&bytes[..read]),
            }
        }
    }
    let digits = |digest: &[u8]| digest.iter().map(|byte| format!("{byte:02x}")).collect();
    if like.len() == 64 {
        let mut digest = Sha256::new();
        pass(path, |bytes| digest.update(bytes))?;
        Ok(digits(&digest.finalize()))
    } else {
        let mut digest = md5::Context::new();
        pass(path, |bytes| digest.consume(bytes))?;
        Ok(digits(&digest.finalize().0))
    }
}

/// A line on standard error that tells how much has come.
struct Bar<'a> {
    url: &'a str,
    total: Option<u64>,
    shown: Option<Instant>,
    on: bool,
}

impl<'a> Bar<'a> {
    fn new(url: &'a str, total: Option<u64>, progress: bool) -> Self {
        Bar { url, total, shown: None, on: progress && io::stderr().is_terminal() }
    }

    fn show(&mut self, at: u64) {
        if self.on && self.shown.is_none_or(|shown| shown.elapsed() >= PAUSE) {
            self.shown = Some(Instant::now());
            self.draw(at);
        }
    }

    fn draw(&self, at: u64) {
        let megabytes = |bytes: u64| bytes as f64 / 1e6;
        let total = self.total.map(|total| format!(" of {:.1}", megabytes(total))).unwrap_or_default();
        eprint!("\r\x1b[K{}: {:.1}{total} MB", self.url, megabytes(at));
        let _ = io::stderr().flush();
    }

    fn end(&self, at: u64) {
        if self.on {
            self.draw(at);
            eprintln!();
        }
    }
}
