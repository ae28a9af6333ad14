//! Rows of 32 lanes, and the registers of a warp.

use crate::program::{Kernel, LaneMask, Row, Special};

/// A row of 32 bits a lane.
pub type Lanes = [u32; 32];
/// A row of 64 bits a lane.
pub type Wide = [u64; 32];

/// The registers of a warp.
#[derive(Clone, Default)]
pub struct Registers {
    pub narrow: Vec<Lanes>,
    pub wide: Vec<Wide>,
    pub predicates: Vec<u32>,
    /// The carry of `add.cc`, a bit a lane.
    pub carry: u32,
}

impl Registers {
    /// Registers of a kernel before its first instruction: constants are there, the rest is a pattern that is easy to see.
    pub fn new(kernel: &Kernel) -> Self {
        let mut registers = Registers {
            narrow: vec![[0x7fba_d0ba; 32]; kernel.narrow],
            wide: vec![[0x7ffb_ad0b_ad0b_ad0b; 32]; kernel.wide],
            predicates: vec![0; kernel.predicates],
            carry: 0,
        };
        for (row, value) in &kernel.narrow_constants {
            registers.narrow[usize::from(*row)] = [*value; 32];
        }
        for (row, value) in &kernel.wide_constants {
            registers.wide[usize::from(*row)] = [*value; 32];
        }
        registers
    }

    pub fn n(&self, row: Row) -> &Lanes {
        &self.narrow[usize::from(row)]
    }

    pub fn w(&self, row: Row) -> &Wide {
        &self.wide[usize::from(row)]
    }

    pub fn p(&self, row: Row) -> u32 {
        self.predicates[usize::from(row)]
    }

    /// Writes the lanes of the mask.
    #[inline(always)]
    pub fn put(&mut self, row: Row, value: &Lanes, mask: u32) {
        let to = &mut self.narrow[usize::from(row)];
        if mask == u32::MAX {
            *to = *value;
        } else {
            for lane in 0..32 {
                to[lane] = if mask >> lane & 1 == 1 { value[lane] } else { to[lane] };
            }
        }
    }

    #[inline(always)]
    pub fn put_wide(&mut self, row: Row, value: &Wide, mask: u32) {
        let to = &mut self.wide[usize::from(row)];
        if mask == u32::MAX {
            *to = *value;
        } else {
            for lane in 0..32 {
                to[lane] = if mask >> lane & 1 == 1 { value[lane] } else { to[lane] };
            }
        }
    }

    pub fn put_predicate(&mut self, row: Row, value: u32, mask: u32) {
        if row != crate::program::NONE {
            let to = &mut self.predicates[usize::from(row)];
            *to = *to & !mask | value & mask;
        }
    }
}

/// Where a warp stands in the launch, for special registers.
pub struct Place {
    pub threads: [Lanes; 3],
    pub block: [u32; 3],
    pub block_size: [u32; 3],
    pub grid: [u32; 3],
    pub warp: u32,
    pub dynamic_shared: u32,
    pub shared: u32,
}

/// The value of a special register.
pub fn special(which: Special, place: &Place) -> Lanes {
    let lanes = |f: &dyn Fn(u32) -> u32| std::array::from_fn(|lane| f(lane as u32));
    match which {
        Special::Thread(axis) => place.threads[usize::from(axis)],
        Special::BlockSize(axis) => [place.block_size[usize::from(axis)]; 32],
        Special::Block(axis) => [place.block[usize::from(axis)]; 32],
        Special::GridSize(axis) => [place.grid[usize::from(axis)]; 32],
        Special::Lane => lanes(&|lane| lane),
        Special::Warp => [place.warp; 32],
        Special::Warps => [place.block_size.iter().product::<u32>().div_ceil(32); 32],
        Special::Zero => [0; 32],
        Special::LaneMask(which) => lanes(&|lane| {
            let equal = 1u32 << lane;
            let less = equal - 1;
            match which {
                LaneMask::Less => less,
                LaneMask::LessEqual => less | equal,
                LaneMask::Equal => equal,
                LaneMask::GreaterEqual => !less,
                LaneMask::Greater => !(less | equal),
            }
        }),
        Special::DynamicShared => [place.dynamic_shared; 32],
        Special::TotalShared => [place.shared; 32],
    }
}

/// The lanes of a mask.
pub fn lanes_of(mask: u32) -> impl Iterator<Item = usize> {
    (0..32).filter(move |lane| mask >> lane & 1 == 1)
}

/// Compiles a function twice, the second time for AVX2 and FMA, and calls what the machine has.
macro_rules! vectorised {
    ($(#[$attribute:meta])* pub fn $name:ident($($argument:ident: $ty:ty),* $(,)?) $(-> $out:ty)? $body:block) => {
        $(#[$attribute])*
        pub fn $name($($argument: $ty),*) $(-> $out)? {
            #[inline(always)]
            fn plain($($argument: $ty),*) $(-> $out)? $body

            #[cfg(target_arch = "x86_64")]
            {
                #[target_feature(enable = "avx2,fma,bmi1,bmi2,lzcnt,popcnt,f16c")]
                fn fast($($argument: $ty),*) $(-> $out)? {
                    plain($($argument),*)
                }
                if $crate::exec::lanes::has_avx2() {
                    // SAFETY: the machine has what the function was compiled for.
                    return unsafe { fast($($argument),*) };
                }
            }
            plain($($argument),*)
        }
    };
}
pub(crate) use vectorised;

/// Whether the machine has what the fast versions are compiled for.
#[cfg(target_arch = "x86_64")]
pub fn has_avx2() -> bool {
    use std::arch::is_x86_feature_detected as has;
    has!("avx2")
        && has!("fma")
        && has!("bmi1")
        && has!("bmi2")
        && has!("lzcnt")
        && has!("popcnt")
        && has!("f16c")
}
