//! Philox4x32-10 (Salmon et al., "Parallel random numbers: as easy as 1, 2, 3", 2011), eight counters at a time.
//!
//! Number `i` of a stream is word `i / 8 % 4` of the block whose counter is `i / 32 * 8 + i % 8`: eight neighbouring
//! counters give four vectors of eight neighbouring numbers. Whatever the machine's vectors, wherever a range begins,
//! number `i` is the same.

use super::simd::Simd;

/// What all draws of a pass have in common.
#[derive(Debug, Clone, Copy)]
pub struct Key {
    /// The model's seed.
    pub seed: u64,
    /// The number of the step.
    pub step: u64,
}

impl Key {
    /// The same with another seed, if there is one.
    #[inline(always)]
    pub fn or(self, seed: Option<u64>) -> Self {
        Key { seed: seed.unwrap_or(self.seed), ..self }
    }
}

/// The number, in each stream, of the first element that is drawn in step `time` of a loop: those of a step are fewer than
/// 2^40.
pub const fn first(time: usize) -> u64 {
    (time as u64) << 40
}

const LANES: usize = 8;
const BLOCK: usize = 4 * LANES;
const MULTIPLIERS: [u32; 2] = [0xd251_1f53, 0xcd9e_8d57];
const WEYL: [u32; 2] = [0x9e37_79b9, 0xbb67_ae85];

type Lanes = [u32; LANES];

/// Ten rounds on eight counters.
#[inline(always)]
fn rounds(mut counter: [Lanes; 4], key: u64) -> [Lanes; 4] {
    let mut key = [key as u32, (key >> 32) as u32];
    for _ in 0..10 {
        let [c0, c1, c2, c3] = counter;
        let mut next = [[0u32; LANES]; 4];
        for i in 0..LANES {
            let p0 = u64::from(c0[i]) * u64::from(MULTIPLIERS[0]);
            let p1 = u64::from(c2[i]) * u64::from(MULTIPLIERS[1]);
            next[0][i] = (p1 >> 32) as u32 ^ c1[i] ^ key[0];
            next[1][i] = p1 as u32;
            next[2][i] = (p0 >> 32) as u32 ^ c3[i] ^ key[1];
            next[3][i] = p0 as u32;
        }
        counter = next;
        key = [key[0].wrapping_add(WEYL[0]), key[1].wrapping_add(WEYL[1])];
    }
    counter
}

/// Numbers `[32 block, 32 block + 32)` of a stream.
#[inline(always)]
fn block(key: Key, stream: u32, block: u64) -> [Lanes; 4] {
    let mut first: Lanes = [0; LANES];
    let mut second: Lanes = [0; LANES];
    for i in 0..LANES {
        let counter = block * LANES as u64 + i as u64;
        first[i] = counter as u32;
        second[i] = (counter >> 32) as u32;
    }
    // The step takes the last word, and what it has beyond 32 bits goes into the key.
    let seed = key.seed ^ (key.step >> 32);
    rounds([first, second, [stream; LANES], [key.step as u32; LANES]], seed)
}

/// Uniform numbers in [0, 1) with 24 bits: `out[i]` is number `first + i` of the stream.
#[inline(always)]
pub fn uniform<V: Simd>(key: Key, stream: u32, first: u64, out: &mut [f32]) {
    let _ = std::marker::PhantomData::<V>;
    let mut at = first;
    let mut left = out;
    while !left.is_empty() {
        let drawn = block(key, stream, at / BLOCK as u64);
        let mut numbers = [0.0f32; BLOCK];
        for (numbers, lanes) in numbers.chunks_exact_mut(LANES).zip(drawn) {
            for (number, lane) in numbers.iter_mut().zip(lanes) {
                *number = (lane >> 8) as i32 as f32 * (1.0 / 16_777_216.0);
            }
        }
        let skip = (at % BLOCK as u64) as usize;
        let count = (BLOCK - skip).min(left.len());
        let (now, later) = left.split_at_mut(count);
        now.copy_from_slice(&numbers[skip..skip + count]);
        left = later;
        at += count as u64;
    }
}

/// The four words of one counter: the generator by its book.
pub fn philox4x32_10(counter: [u32; 4], key: u64) -> [u32; 4] {
    rounds(counter.map(|word| [word; LANES]), key).map(|lanes| lanes[0])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::device::cpu::simd::{self, Isa, Kernel};

    /// The known answers of the Random123 distribution.
    #[test]
    fn known_answers() {
        assert_eq!(philox4x32_10([0; 4], 0), [0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8]);
        assert_eq!(philox4x32_10([!0; 4], !0), [0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd]);
        let counter = [0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344];
        assert_eq!(
            philox4x32_10(counter, 0x299f31d0_a4093822),
            [0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1]
        );
    }

    struct Draw<'a>(Key, u32, u64, &'a mut [f32]);

    impl Kernel for Draw<'_> {
        type Output = ();
        #[inline(always)]
        fn run<V: Simd>(self) {
            uniform::<V>(self.0, self.1, self.2, self.3);
        }
    }

    /// Number `i` as the module's first lines define it, from the generator by its book.
    fn by_the_book(key: Key, stream: u32, i: u64) -> f32 {
        let counter = i / 32 * 8 + i % 8;
        let words =
            philox4x32_10([counter as u32, (counter >> 32) as u32, stream, key.step as u32], key.seed);
        (words[(i / 8 % 4) as usize] >> 8) as f32 / 16_777_216.0
    }

    #[test]
    fn a_number_depends_on_neither_its_range_nor_the_machine() {
        let key = Key { seed: 0x1234_5678_9abc_def0, step: 3 };
        for isa in Isa::available() {
            for first in [0, 1, 7, 31, 32, 33, 100, (1 << 34) - 5] {
                for len in [0, 1, 8, 31, 33, 77, 300] {
                    let mut part = vec![f32::NAN; len];
                    simd::run(isa, Draw(key, 5, first, &mut part));
                    let expected: Vec<f32> =
                        (first..first + len as u64).map(|i| by_the_book(key, 5, i)).collect();
                    assert_eq!(part, expected, "{isa:?} from {first}, {len} of them");
                    assert!(part.iter().all(|x| (0.0..1.0).contains(x)));
                }
            }
        }
    }
}
