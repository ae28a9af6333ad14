//! Progress of `fit`, `evaluate` and `predict`: a line that moves on a terminal, a line for each epoch elsewhere.

use std::io::{IsTerminal, Write};
use std::time::{Duration, Instant};

use crate::train::{History, Tally, Verbose};

/// Columns of the bar.
const BAR: usize = 20;
/// How often the line is drawn at most.
const PAUSE: Duration = Duration::from_millis(100);

/// What the loops over batches say.
pub(crate) struct Progress {
    line: bool,
    epochs: bool,
    /// Batches of an epoch, if known.
    batches: Option<usize>,
    total: usize,
    begun: Instant,
    drawn: Option<Instant>,
    /// Batches of this epoch so far.
    done: usize,
}

impl Progress {
    /// For `total` epochs of `batches` batches; an evaluation and predictions are one.
    pub fn new(verbose: Verbose, batches: Option<usize>, total: usize) -> Self {
        let terminal = std::io::stdout().is_terminal();
        let (line, epochs) = match verbose {
            Verbose::Auto => (terminal, !terminal),
            Verbose::Silent => (false, false),
            Verbose::Line => (true, false),
            Verbose::Epochs => (false, true),
        };
        Progress { line, epochs, batches, total, begun: Instant::now(), drawn: None, done: 0 }
    }

    /// Begins an epoch.
    pub fn begin(&mut self, epoch: usize) {
        self.begun = Instant::now();
        self.drawn = None;
        self.done = 0;
        if self.line {
            println!("Epoch {}/{}", epoch + 1, self.total);
        } else if self.epochs {
            print!("Epoch {}/{}: ", epoch + 1, self.total);
            let _ = std::io::stdout().flush();
        }
    }

    /// Whether the line is drawn after the next batch.
    pub fn is_due(&self) -> bool {
        self.line && self.drawn.is_none_or(|drawn| drawn.elapsed() >= PAUSE)
    }

    /// After a batch.
    pub fn batch(&mut self, done: usize, tally: Option<&Tally<'_>>) {
        self.done = done;
        if !self.is_due() {
            return;
        }
        self.drawn = Some(Instant::now());
        self.draw(done, &measured(tally));
    }

    fn draw(&self, done: usize, measures: &str) {
        let seconds = self.begun.elapsed().as_secs_f64();
        let measures = if measures.is_empty() { String::new() } else { format!(" - {measures}") };
        let Some(batches) = self.batches.filter(|batches| *batches > 0) else {
            print!("\r\x1b[K{done} {seconds:.1}s{measures}");
            let _ = std::io::stdout().flush();
            return;
        };
        let filled = BAR * done.min(batches) / batches;
        let left = seconds / done.max(1) as f64 * batches.saturating_sub(done) as f64;
        let time = if done < batches { format!("{left:.0}s left") } else { format!("{seconds:.1}s") };
        let bar = format!("{}{}", "━".repeat(filled), "─".repeat(BAR - filled));
        print!("\r\x1b[K{done}/{batches} {bar} {time}{measures}");
        let _ = std::io::stdout().flush();
    }

    /// After an epoch.
    pub fn end(&mut self, history: &History) {
        if self.line {
            self.draw(self.done, &history.last());
            println!();
        } else if self.epochs {
            let seconds = history.seconds().last().copied().unwrap_or_default();
            println!("{seconds:.1}s - {}", history.last());
        }
    }

    /// After a pass that is no epoch.
    pub fn end_pass(&mut self, tally: Option<&Tally<'_>>) {
        if !self.line && !self.epochs {
            return;
        }
        let measures = measured(tally);
        if self.line {
            self.draw(self.done, &measures);
            println!();
        } else {
            let of = self.batches.map_or(String::new(), |batches| format!("/{batches}"));
            let measures = if measures.is_empty() { measures } else { format!(" - {measures}") };
            println!("{}{of} - {:.1}s{measures}", self.done, self.begun.elapsed().as_secs_f64());
        }
    }
}

/// Loss and metrics so far; nothing where nothing is measured.
fn measured(tally: Option<&Tally<'_>>) -> String {
    tally.map(|tally| tally.score().to_string()).unwrap_or_default()
}
