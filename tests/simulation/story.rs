//! What happened, in words, if anybody wants to read it.

/// The story of one run.
#[derive(Default)]
pub struct Story {
    told: Option<Vec<String>>,
}

impl Story {
    /// One that is told; otherwise nothing is written down, which is faster.
    pub fn told() -> Self {
        Self { told: Some(Vec::new()) }
    }

    pub fn tell(&mut self, now_ms: u64, sentence: impl FnOnce() -> String) {
        let Some(told) = &mut self.told else { return };
        let sentence = sentence();
        if !sentence.is_empty() {
            told.push(format!("{}  {sentence}", time(now_ms)));
        }
    }

    pub fn lines(self) -> Vec<String> {
        self.told.unwrap_or_default()
    }
}

/// Since the day on which all begins.
fn time(now_ms: u64) -> String {
    let seconds = now_ms.saturating_sub(crate::clock::START_MS) / 1000;
    let (days, seconds) = (seconds / 86_400, seconds % 86_400);
    format!("day {days} {:02}:{:02}:{:02}", seconds / 3_600, seconds / 60 % 60, seconds % 60)
}
