//! Shows how far a run is: bars on a terminal, one line for each stretch elsewhere. Never on standard output.

use std::io::{IsTerminal as _, Write as _};
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

/// A stretch of the run.
#[derive(Debug)]
pub struct Stretch {
    title: String,
    bar: ProgressBar,
    begun: Instant,
}

impl Stretch {
    /// Begins a stretch of so many steps.
    pub fn begin(title: &str, steps: usize) -> Self {
        let target =
            if std::io::stderr().is_terminal() { ProgressDrawTarget::stderr() } else { ProgressDrawTarget::hidden() };
        let bar = ProgressBar::with_draw_target(Some(steps as u64), target);
        if let Ok(style) = ProgressStyle::with_template("{msg:<46} {bar:30} {pos}/{len}") {
            bar.set_style(style);
        }
        bar.set_message(title.to_owned());
        bar.enable_steady_tick(Duration::from_millis(200));
        Self { title: title.to_owned(), bar, begun: Instant::now() }
    }

    /// One step is done.
    pub fn step(&self) {
        self.bar.inc(1);
    }

    /// The stretch is done; says what came of it.
    pub fn end(self, outcome: &str) {
        self.bar.finish_and_clear();
        say(&format!("{:>6.1} s  {}: {outcome}", self.begun.elapsed().as_secs_f64(), self.title));
    }
}

/// Says something to whoever watches.
pub fn say(text: &str) {
    // If nobody watches, nobody misses it.
    let _ = writeln!(std::io::stderr(), "{text}");
}
