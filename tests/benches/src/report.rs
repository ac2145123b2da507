//! What was measured: goals as ratios, one to a line for programs, and figures in a table for people.

use std::time::Duration;

/// Collects while the program measures, and prints as it goes, so that a slow run shows where it is.
#[derive(Default)]
pub struct Report {
    short: usize,
}

impl Report {
    /// A new part of the table.
    pub fn section(&mut self, title: &str) {
        println!("\n{title}");
    }

    /// A goal: `value` is a ratio that may be at most `goal`.
    pub fn goal(&mut self, name: &str, value: f64, goal: f64) {
        let verdict = if value <= goal { "ok" } else { "short" };
        self.short += usize::from(value > goal);
        println!("ratio {name} {value:.2} {goal:.2} {verdict}");
    }

    /// A goal: `value` is a ratio that must be at least `goal`.
    pub fn at_least(&mut self, name: &str, value: f64, goal: f64) {
        let verdict = if value >= goal { "ok" } else { "short" };
        self.short += usize::from(value < goal);
        println!("ratio {name} {value:.2} {goal:.2} {verdict}");
    }

    /// The same where the other side may be missing: then nothing is said but that.
    pub fn at_least_if_measured(&mut self, name: &str, value: Option<f64>, goal: f64) {
        match value {
            Some(value) => self.at_least(name, value, goal),
            None => println!("not measured: {name}"),
        }
    }

    /// A line of the table: what, how much of it.
    pub fn figure(&mut self, name: &str, value: impl std::fmt::Display) {
        println!("  {name:<64} {value:>14}");
    }

    /// How many goals were missed.
    pub fn short(&self) -> usize {
        self.short
    }
}

/// A time as people read it.
pub fn time(duration: Duration) -> String {
    match duration.as_nanos() {
        nanos @ 0..1_000_000 => format!("{:.1} µs", nanos as f64 / 1e3),
        nanos @ 1_000_000..10_000_000 => format!("{:.2} ms", nanos as f64 / 1e6),
        nanos => format!("{:.0} ms", nanos as f64 / 1e6),
    }
}
