//! Fetching files, from a server of this test's own.

use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use keras_runtime::data::datasets::{GetFile, get_file};
use keras_runtime::prelude::*;

/// What the server does with a request, one after another; the last of them for all that follow.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Answer {
    /// The bytes that are asked for, up to so many, of a length that is told whole.
    Cut(usize),
    /// The bytes that are asked for.
    Whole,
    /// All bytes, whatever is asked for.
    FromTheStart,
    /// Nothing.
    Missing,
}

/// A server and the ranges that it was asked for.
struct Server {
    url: String,
    asked: Arc<Mutex<Vec<Option<usize>>>>,
}

fn serve(content: Vec<u8>, answers: Vec<Answer>) -> Server {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let url = format!("http://{}/file.bin", listener.local_addr().expect("an address"));
    let asked = Arc::new(Mutex::new(vec![]));
    let seen = asked.clone();
    std::thread::spawn(move || {
        for (i, stream) in listener.incoming().enumerate() {
            let answer = answers[i.min(answers.len() - 1)];
            let range = answered(stream.expect("a connection"), &content, answer);
            seen.lock().expect("the list").push(range);
        }
    });
    Server { url, asked }
}

fn answered(mut stream: TcpStream, content: &[u8], answer: Answer) -> Option<usize> {
    let mut range = None;
    for line in BufReader::new(stream.try_clone().expect("a stream")).lines() {
        let line = line.expect("a line").to_lowercase();
        if let Some(value) = line.strip_prefix("range: bytes=") {
            range = value.trim_end_matches('-').parse().ok();
        }
        if line.is_empty() {
            break;
        }
    }
    let start = if answer == Answer::FromTheStart { 0 } else { range.unwrap_or(0) };
    let (status, body) = match content.get(start..) {
        _ if answer == Answer::Missing => ("404 Not Found", &[][..]),
        Some(rest) if start > 0 && rest.is_empty() => ("416 Range Not Satisfiable", &[][..]),
        Some(rest) if start > 0 => ("206 Partial Content", rest),
        Some(rest) => ("200 OK", rest),
        None => ("416 Range Not Satisfiable", &[][..]),
    };
    let told = body.len();
    let sent = if let Answer::Cut(most) = answer { &body[..most.min(told)] } else { body };
    let place = format!("content-range: bytes {start}-{}/{}\r\n", content.len() - 1, content.len());
    let head = format!("HTTP/1.1 {status}\r\ncontent-length: {told}\r\n{place}connection: close\r\n\r\n");
    let _ = stream.write_all(head.as_bytes()).and_then(|()| stream.write_all(sent));
    range
}

fn content() -> Vec<u8> {
    (0..100_000u32).map(|i| (i % 1000 * (i % 1000) % 251) as u8).collect()
}

/// Made by Python's `hashlib` of the same bytes.
const SHA256: &str = "d4c600483a1f025ddd1f12d67bbfb5b3e11a0783b53d058a3a623ba0e693c430";
const MD5: &str = "6d0688a5d57cf79feaa200f2cf0a826f";

struct Cache(PathBuf);

impl Cache {
    fn new(name: &str) -> Self {
        let folder = std::env::temp_dir().join(format!("keras-download-{name}-{}", std::process::id()));
        fs::remove_dir_all(&folder).ok();
        Cache(folder)
    }

    fn settings(&self, hash: &str) -> GetFile {
        GetFile { file_hash: Some(hash.into()), cache_dir: Some(self.0.clone()), ..GetFile::default() }
    }

    fn part(&self) -> PathBuf {
        self.0.join("datasets/file.bin.part")
    }
}

impl Drop for Cache {
    fn drop(&mut self) {
        fs::remove_dir_all(&self.0).ok();
    }
}

fn ranges(server: &Server) -> Vec<Option<usize>> {
    server.asked.lock().expect("the list").clone()
}

#[test]
fn a_file_is_fetched_once() -> Result<()> {
    let cache = Cache::new("once");
    let server = serve(content(), vec![Answer::Whole]);
    for hash in [SHA256, MD5] {
        let path = get_file("file.bin", &server.url, &cache.settings(hash))?;
        assert_eq!(path, cache.0.join("datasets/file.bin"));
        assert!(fs::read(&path).expect("the file") == content() && !cache.part().exists());
    }
    assert_eq!(ranges(&server), [None]);
    // One whose content is another is fetched again, and any if one wants that.
    fs::write(cache.0.join("datasets/file.bin"), b"other").expect("a file");
    let path = get_file("file.bin", &server.url, &cache.settings(SHA256))?;
    assert!(fs::read(&path).expect("the file") == content());
    let again = GetFile { force_download: true, file_hash: None, ..cache.settings(SHA256) };
    get_file("file.bin", &server.url, &again)?;
    assert_eq!(ranges(&server).len(), 3);
    Ok(())
}

#[test]
fn a_cut_transfer_goes_on_where_it_stopped() -> Result<()> {
    let cache = Cache::new("cut");
    let server = serve(content(), vec![Answer::Cut(30_000), Answer::Cut(0), Answer::Whole]);
    // Once on its own; when nothing more comes, the call fails and leaves what it has.
    let error = get_file("file.bin", &server.url, &cache.settings(SHA256)).expect_err("cut").to_string();
    let place = cache.0.join("datasets/file.bin").display().to_string();
    assert!(error.contains(&server.url) && error.contains(&place), "{error}");
    assert_eq!(cache.part().metadata().expect("a part").len(), 30_000);
    let path = get_file("file.bin", &server.url, &cache.settings(SHA256))?;
    assert!(fs::read(path).expect("the file") == content());
    assert_eq!(ranges(&server), [None, Some(30_000), Some(30_000)]);

    let cache = Cache::new("cut-twice");
    let server = serve(content(), vec![Answer::Cut(10), Answer::Cut(50_000), Answer::Whole]);
    get_file("file.bin", &server.url, &cache.settings(MD5))?;
    assert_eq!(ranges(&server), [None, Some(10), Some(50_010)]);
    Ok(())
}

#[test]
fn a_server_that_knows_no_ranges_sends_all_of_it() -> Result<()> {
    let cache = Cache::new("ranges");
    let server = serve(content(), vec![Answer::Cut(5_000), Answer::FromTheStart]);
    let path = get_file("file.bin", &server.url, &cache.settings(SHA256))?;
    assert!(fs::read(path).expect("the file") == content());
    assert_eq!(ranges(&server), [None, Some(5_000)]);
    Ok(())
}

#[test]
fn what_was_left_of_another_file_is_fetched_anew() -> Result<()> {
    for left in [
        vec![7; 20_000],
        content()[..99_999].iter().map(|b| b ^ 1).collect(),
        vec![1; 100_000],
        vec![1; 200_000],
    ] {
        let cache = Cache::new(&format!("left-{}", left.len()));
        fs::create_dir_all(cache.0.join("datasets")).expect("a folder");
        fs::write(cache.part(), &left).expect("a file");
        let server = serve(content(), vec![Answer::Whole]);
        let path = get_file("file.bin", &server.url, &cache.settings(SHA256))?;
        assert!(fs::read(path).expect("the file") == content());
        assert_eq!(ranges(&server), [Some(left.len()), None]);
    }
    Ok(())
}

#[test]
fn a_wrong_checksum_is_an_error() {
    let cache = Cache::new("wrong");
    let mut other = content();
    other[70_000] ^= 4;
    let server = serve(other, vec![Answer::Whole]);
    let error =
        get_file("file.bin", &server.url, &cache.settings(SHA256)).expect_err("another file").to_string();
    assert!(error.contains(&format!("expected {SHA256}")), "{error}");
    let nothing = |path: &Path| fs::read_dir(path).expect("the folder").count() == 0;
    assert!(nothing(&cache.0.join("datasets")), "neither a part nor a whole file is left");
}

#[test]
fn archives_are_unpacked() -> Result<()> {
    let mut tar = tar::Builder::new(flate2::write::GzEncoder::new(vec![], flate2::Compression::fast()));
    let mut header = tar::Header::new_gnu();
    header.set_size(5);
    header.set_mode(0o644);
    tar.append_data(&mut header, "flowers/rose.txt", &b"a red"[..]).expect("an entry");
    let gzipped = tar.into_inner().and_then(|encoder| encoder.finish()).expect("an archive");
    let mut zip = zip::ZipWriter::new(std::io::Cursor::new(vec![]));
    zip.start_file("flowers/rose.txt", zip::write::SimpleFileOptions::default()).expect("an entry");
    zip.write_all(b"a red").expect("its bytes");
    let zipped = zip.finish().expect("an archive").into_inner();
    for (content, fname, folder, archive) in [
        (gzipped.clone(), "flowers.tgz", "flowers_extracted", "flowers.tgz"),
        (gzipped, "plants", "plants", "plants_archive"),
        (zipped, "more.zip", "more_extracted", "more.zip"),
    ] {
        let cache = Cache::new(&format!("archive-{fname}"));
        let server = serve(content, vec![Answer::Whole]);
        let settings = GetFile { extract: true, file_hash: None, ..cache.settings(MD5) };
        let found = get_file(fname, &server.url, &settings)?;
        assert_eq!(found, cache.0.join("datasets").join(folder));
        assert_eq!(fs::read(found.join("flowers/rose.txt")).expect("a file"), b"a red");
        assert!(cache.0.join("datasets").join(archive).is_file());
    }
    let cache = Cache::new("no-archive");
    let server = serve(content(), vec![Answer::Whole]);
    let error =
        get_file("x.tar", &server.url, &GetFile { extract: true, file_hash: None, ..cache.settings(MD5) });
    assert!(error.is_err_and(|error| error.to_string().contains("no whole tar or zip archive")));
    Ok(())
}

#[test]
fn nobody_there_is_an_error() {
    let cache = Cache::new("nobody");
    let server = serve(content(), vec![Answer::Missing]);
    let error = get_file("file.bin", &server.url, &cache.settings(MD5)).expect_err("no file").to_string();
    assert!(error.contains("404") && error.contains("put by hand"), "{error}");
    let closed =
        TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr()).expect("an address");
    let error = get_file("x.bin", &format!("http://{closed}/x"), &cache.settings(MD5)).expect_err("nobody");
    let place = cache.0.join("datasets/x.bin").display().to_string();
    assert!(error.to_string().contains(&place), "{error}");
    for (name, hash) in
        [("../x", MD5), ("", MD5), ("a/b", MD5), ("x", "abc"), ("x", &MD5.replace('0', "g")[..])]
    {
        let error = get_file(name, &server.url, &cache.settings(hash)).expect_err("a bad setting");
        assert!(matches!(error, Error::Setting { .. }), "{error}");
    }
}
