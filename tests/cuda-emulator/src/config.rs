//! Settings: environment variables, and what a program sets while it runs.

use std::env;

/// What can be set.
#[derive(Clone, Copy, Debug)]
pub struct Config {
    /// How many devices there are: none or one.
    pub devices: i32,
    /// Bytes of device memory.
    pub memory: usize,
    /// The compute capability.
    pub capability: (i32, i32),
    /// Whether races are looked for.
    pub races: bool,
    /// Whether reads of what was never written are errors.
    pub uninitialised: bool,
    /// Whether work is done when it is submitted.
    pub eager: bool,
    /// On how many threads blocks run.
    pub threads: usize,
    /// Whether requests to memory are counted, and all counts printed at exit.
    pub counters: bool,
    /// How many branches the warps of a block may take before it counts as endless.
    pub branches: u64,
    /// Whether each call is printed, with the bytes that it copies.
    pub trace: bool,
    /// The version of CUDA that the driver says it is of: 12080 is 12.8.
    pub driver: i32,
    /// After how many more launches the device is lost.
    pub lost: u32,
    /// Whether the device has the name of none that is emulated: programs give it machine code then, which it refuses.
    pub disguised: bool,
}

const NAMES: [&str; 13] = [
    "devices",
    "memory",
    "capability",
    "races",
    "uninitialised",
    "eager",
    "threads",
    "counters",
    "branches",
    "trace",
    "driver",
    "lost",
    "disguised",
];

impl Config {
    /// What the environment says.
    pub fn from_environment() -> Self {
        let mut config = Config {
            devices: 1,
            memory: 4 << 30,
            capability: (8, 0),
            races: true,
            uninitialised: true,
            eager: false,
            threads: std::thread::available_parallelism().map_or(1, usize::from),
            counters: false,
            branches: 1 << 30,
            trace: false,
            // Later than any: PTX of every version is read.
            driver: 99_990,
            lost: u32::MAX,
            disguised: false,
        };
        for name in NAMES {
            let variable = format!("KERAS_EMULATOR_{}", name.to_uppercase());
            if let Ok(value) = env::var(&variable)
                && !config.set(name, &value)
            {
                eprintln!("[cuda-emulator] {variable}={value} is not understood");
            }
        }
        config
    }

    /// Sets one thing; whether that was understood.
    pub fn set(&mut self, name: &str, value: &str) -> bool {
        let flag = match value {
            "0" | "false" => Some(false),
            "1" | "true" => Some(true),
            _ => None,
        };
        fn give<T>(place: &mut T, value: Option<T>) -> bool {
            value.map(|value| *place = value).is_some()
        }
        match name {
            "devices" => give(&mut self.devices, value.parse().ok().filter(|n| (0..=1).contains(n))),
            "memory" => give(&mut self.memory, value.parse().ok()),
            "capability" => give(&mut self.capability, capability(value)),
            "races" => give(&mut self.races, flag),
            "uninitialised" => give(&mut self.uninitialised, flag),
            "eager" => give(&mut self.eager, flag),
            "threads" => give(&mut self.threads, value.parse().ok().filter(|n| *n > 0)),
            "counters" => give(&mut self.counters, flag),
            "branches" => give(&mut self.branches, value.parse().ok().filter(|n| *n > 0)),
            "trace" => give(&mut self.trace, flag),
            "driver" => give(&mut self.driver, value.parse().ok().filter(|n| *n > 0)),
            "lost" => give(&mut self.lost, value.parse().ok()),
            "disguised" => give(&mut self.disguised, flag),
            _ => false,
        }
    }
}

fn capability(value: &str) -> Option<(i32, i32)> {
    let (major, minor) = value.split_once('.')?;
    Some((major.parse().ok()?, minor.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_are_understood_or_refused() {
        let mut config = Config::from_environment();
        assert!(config.set("capability", "9.0") && config.capability == (9, 0));
        assert!(config.set("races", "0") && !config.races);
        assert!(!config.set("races", "perhaps") && !config.set("colour", "1") && !config.set("devices", "2"));
    }
}
