//! What several rounds gave, in which everybody took their turn.

use std::fmt;

use crate::clock::median;

/// An odd number, so that one lies in the middle.
pub const ROUNDS: usize = 3;

#[derive(Default)]
pub struct Rounds(Vec<f64>);

impl Rounds {
    pub fn add(&mut self, value: f64) {
        self.0.push(value);
    }

    pub fn scaled(&self, factor: f64) -> Self {
        Self(self.0.iter().map(|value| value * factor).collect())
    }

    /// The middle one of the ratios, each of one round; `None` where the other was not measured.
    pub fn to(&self, other: &Self) -> Option<f64> {
        let ratios: Vec<f64> = self.0.iter().zip(&other.0).map(|(one, other)| one / other).collect();
        (!ratios.is_empty()).then(|| median(ratios))
    }
}

/// The middle one, and from where to where they lie.
impl fmt::Display for Rounds {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.is_empty() {
            return formatter.pad(super::NOT_INSTALLED);
        }
        let digits = if median(self.0.iter().copied()) < 100.0 { 2 } else { 0 };
        let lowest = self.0.iter().copied().fold(f64::INFINITY, f64::min);
        let highest = self.0.iter().copied().fold(0.0, f64::max);
        let middle = median(self.0.iter().copied());
        formatter.pad(&format!("{middle:.digits$} ({lowest:.digits$} to {highest:.digits$})"))
    }
}
