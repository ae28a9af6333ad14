//! Event files as TensorBoard reads them: records of protocol buffers, each with checksums.
//!
//! A record is its length (`u64`), the length's checksum, the bytes, and their checksum; the checksum is a masked CRC-32C
//! (TensorFlow's `record_writer.cc`). The messages are `Event`, `Summary` and `HistogramProto` of TensorFlow's `event.proto`
//! and `summary.proto`; the numbers of their fields stand where they are written.

use std::fs::File;
use std::io::{self, Write};
use std::path::Path;

/// An event file that is being written.
#[derive(Debug)]
pub(super) struct Events {
    file: File,
}

impl Events {
    /// A new file, with the event that says its version.
    pub fn create(path: &Path, time: f64) -> io::Result<Self> {
        let mut events = Events { file: File::create(path)? };
        let mut event = Message::default();
        event.double(1, time);
        event.bytes(3, b"brain.Event:2");
        events.record(&event.0)?;
        Ok(events)
    }

    /// Writes named values of a step.
    pub fn summary(&mut self, time: f64, step: u64, summary: &Summary) -> io::Result<()> {
        let mut event = Message::default();
        event.double(1, time);
        event.integer(2, step);
        event.bytes(5, &summary.0.0);
        self.record(&event.0)
    }

    /// Writes a graph.
    pub fn graph(&mut self, time: f64, graph: &Graph) -> io::Result<()> {
        let mut event = Message::default();
        event.double(1, time);
        event.bytes(4, &graph.0.0);
        self.record(&event.0)
    }

    fn record(&mut self, data: &[u8]) -> io::Result<()> {
        self.file.write_all(&framed(data))
    }
}

/// Named values of a step.
#[derive(Debug, Default)]
pub(super) struct Summary(Message);

impl Summary {
    /// Adds a number.
    pub fn scalar(&mut self, tag: &str, value: f64) {
        let mut message = Message::default();
        message.bytes(1, tag.as_bytes());
        message.float(2, value as f32);
        self.0.bytes(1, &message.0);
    }

    /// Adds a grey picture, row by row.
    pub fn image(&mut self, tag: &str, pixels: &[u8], [height, width]: [usize; 2]) {
        let mut image = Message::default();
        image.integer(1, height as u64);
        image.integer(2, width as u64);
        image.integer(3, 1);
        image.bytes(4, &crate::view::png::encoded(pixels, width, height, 1));
        let mut message = Message::default();
        message.bytes(1, tag.as_bytes());
        message.bytes(4, &image.0);
        self.0.bytes(1, &message.0);
    }

    /// Adds how numbers are distributed.
    pub fn histogram(&mut self, tag: &str, values: &[f32]) {
        let mut message = Message::default();
        message.bytes(1, tag.as_bytes());
        message.bytes(5, &histogram(values).0);
        self.0.bytes(1, &message.0);
    }
}

/// A graph of operations (`GraphDef` of TensorFlow's `graph.proto`, `NodeDef`, `AttrValue` and `TensorShapeProto`).
#[derive(Debug, Default)]
pub(super) struct Graph(Message);

impl Graph {
    /// Adds a node: its name, what it does, the names of the nodes that feed it, and the shape of one sample of what it makes.
    pub fn node(&mut self, name: &str, op: &str, inputs: &[&str], output: &[usize]) {
        let mut node = Message::default();
        node.bytes(1, name.as_bytes());
        node.bytes(2, op.as_bytes());
        inputs.iter().for_each(|input| node.bytes(3, input.as_bytes()));
        let mut shape = Message::default();
        // -1, the batch, whose size is not known.
        for size in std::iter::once(u64::MAX).chain(output.iter().map(|size| *size as u64)) {
            let mut dim = Message::default();
            dim.integer(1, size);
            shape.bytes(2, &dim.0);
        }
        let (mut list, mut value, mut entry) = (Message::default(), Message::default(), Message::default());
        list.bytes(7, &shape.0);
        value.bytes(1, &list.0);
        entry.bytes(1, b"_output_shapes");
        entry.bytes(2, &value.0);
        node.bytes(5, &entry.0);
        self.0.bytes(1, &node.0);
    }
}

/// Buckets of a histogram, as many as in TensorFlow.
const BUCKETS: usize = 30;

/// Buckets of equal width from the least to the greatest number; those that are not finite are left out.
fn histogram(values: &[f32]) -> Message {
    let finite = || values.iter().map(|x| f64::from(*x)).filter(|x| x.is_finite());
    let (least, most) =
        finite().fold((f64::INFINITY, f64::NEG_INFINITY), |(least, most), x| (least.min(x), most.max(x)));
    let mut message = Message::default();
    if least > most {
        return message;
    }
    let width = (most - least) / BUCKETS as f64;
    let mut counts = [0.0; BUCKETS];
    for x in finite() {
        let bucket = if width > 0.0 { ((x - least) / width) as usize } else { 0 };
        counts[bucket.min(BUCKETS - 1)] += 1.0;
    }
    let limits =
        std::array::from_fn(|i| if i + 1 == BUCKETS { most } else { least + width * (i + 1) as f64 });
    message.double(1, least);
    message.double(2, most);
    message.double(3, finite().count() as f64);
    message.double(4, finite().sum());
    message.double(5, finite().map(|x| x * x).sum());
    message.doubles(6, &limits);
    message.doubles(7, &counts);
    message
}

/// A protocol buffer: each field is its number with the kind of its bytes, then these.
#[derive(Debug, Default)]
struct Message(Vec<u8>);

impl Message {
    fn varint(&mut self, mut value: u64) {
        while value >= 0x80 {
            self.0.push(value as u8 | 0x80);
            value >>= 7;
        }
        self.0.push(value as u8);
    }

    fn key(&mut self, field: u64, kind: u64) {
        self.varint(field << 3 | kind);
    }

    fn integer(&mut self, field: u64, value: u64) {
        self.key(field, 0);
        self.varint(value);
    }

    fn double(&mut self, field: u64, value: f64) {
        self.key(field, 1);
        self.0.extend(value.to_le_bytes());
    }

    fn float(&mut self, field: u64, value: f32) {
        self.key(field, 5);
        self.0.extend(value.to_le_bytes());
    }

    fn bytes(&mut self, field: u64, bytes: &[u8]) {
        self.key(field, 2);
        self.varint(bytes.len() as u64);
        self.0.extend(bytes);
    }

    fn doubles(&mut self, field: u64, values: &[f64; BUCKETS]) {
        let bytes: Vec<u8> = values.iter().flat_map(|x| x.to_le_bytes()).collect();
        self.bytes(field, &bytes);
    }
}

/// A record: the bytes with their length and the checksums of both.
fn framed(data: &[u8]) -> Vec<u8> {
    let length = (data.len() as u64).to_le_bytes();
    [&length, &masked(&length).to_le_bytes()[..], data, &masked(data).to_le_bytes()].concat()
}

/// A checksum that does not look like one to those who take checksums of records.
fn masked(data: &[u8]) -> u32 {
    crc32c(data).rotate_right(15).wrapping_add(0xa282_ead8)
}

/// CRC-32C (Castagnoli), bit by bit: event files are small.
fn crc32c(data: &[u8]) -> u32 {
    !data.iter().fold(!0, |crc, byte| {
        (0..8).fold(crc ^ u32::from(*byte), |crc, _| (crc >> 1) ^ (0x82f6_3b78 & 0u32.wrapping_sub(crc & 1)))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn checksums() {
        // RFC 3720, B.4, and the check value of the CRC catalogue.
        assert_eq!(crc32c(&[0; 32]), 0x8a91_36aa);
        assert_eq!(crc32c(&[0xff; 32]), 0x62a8_ab43);
        assert_eq!(crc32c(b"123456789"), 0xe306_9283);
    }

    #[test]
    fn bytes_of_a_scalar() {
        let mut summary = Summary::default();
        summary.scalar("loss", 0.5);
        assert_eq!(summary.0.0, [10, 11, 10, 4, b'l', b'o', b's', b's', 0x15, 0, 0, 0, 0x3f]);
        let mut event = Message::default();
        event.integer(2, 300);
        assert_eq!(event.0, [16, 0xac, 2]);
        // The first record of every event file, as TensorFlow writes it but for the time.
        let mut version = Message::default();
        version.double(1, 1.0);
        version.bytes(3, b"brain.Event:2");
        let record = framed(&version.0);
        assert_eq!(record[..8], [24, 0, 0, 0, 0, 0, 0, 0]);
        // The masked checksum of a length of 24, which every TensorFlow event file begins with.
        assert_eq!(record[8..12], [0xa3, 0x7f, 0x4b, 0x22]);
        assert_eq!(record.len(), 8 + 4 + 24 + 4);
    }

    #[test]
    fn every_number_is_in_a_bucket() {
        let values: Vec<f32> = (0..100).map(|i| i as f32 / 10.0).chain([f32::NAN]).collect();
        let message = histogram(&values).0;
        let counts = &message[message.len() - 8 * BUCKETS..];
        let counts = counts.chunks_exact(8).map(|word| f64::from_le_bytes(word.try_into().unwrap()));
        assert_eq!(counts.sum::<f64>(), 100.0);
        assert!(histogram(&[f32::NAN]).0.is_empty());
        assert!(!histogram(&[2.0; 3]).0.is_empty());
    }
}
