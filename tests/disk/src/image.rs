//! What of one file would be there after a power cut: its state at the last sync, and what was done to it since.

/// What a power cut leaves of the operations since the last sync of each file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Remains {
    /// None of them: the cache never reached the disk.
    Nothing,
    /// All of them: the cache was written in time, though nobody was told.
    All,
    /// All of them in their order, but of each file's last write only its beginning.
    AllButTorn,
    /// Each of them, its beginning, or nothing of it, as this seed draws: the disk wrote in an order of its own.
    Some(u64),
}

/// Something that was done to a file and may be lost.
#[derive(Debug, Clone)]
pub enum Change {
    Write { at: usize, bytes: Vec<u8> },
    Truncate(usize),
    Delete,
}

/// One file: `None` where there is none.
#[derive(Debug, Default)]
pub struct Image {
    synced: Option<Vec<u8>>,
    unsynced: Vec<Change>,
}

impl Image {
    /// A file as it was found; it is taken to be on the disk for good.
    pub fn found(content: Option<Vec<u8>>) -> Self {
        Self { synced: content, unsynced: Vec::new() }
    }

    pub fn change(&mut self, change: Change) {
        self.unsynced.push(change);
    }

    pub fn sync(&mut self) {
        let unsynced = std::mem::take(&mut self.unsynced);
        let synced = self.synced.take();
        self.synced = unsynced.iter().fold(synced, apply);
    }

    /// The folder was synced: a file that was deleted does not come back.
    pub fn sync_name(&mut self) {
        if let Some(deleted) = self.unsynced.iter().rposition(|change| matches!(change, Change::Delete)) {
            self.unsynced.drain(..=deleted);
            self.synced = None;
        }
    }

    /// Whether a power cut would lose anything.
    pub fn is_synced(&self) -> bool {
        self.unsynced.is_empty()
    }

    /// What a power cut leaves.
    pub fn after_power_cut(&self, remains: Remains) -> Option<Vec<u8>> {
        let kept = match remains {
            Remains::Nothing => Vec::new(),
            Remains::All => self.unsynced.clone(),
            Remains::AllButTorn => {
                let mut kept = self.unsynced.clone();
                if let Some(last) = kept.pop() {
                    kept.extend(torn(&last));
                }
                kept
            }
            Remains::Some(seed) => drawn(&self.unsynced, seed),
        };
        kept.iter().fold(self.synced.clone(), apply)
    }
}

fn apply(content: Option<Vec<u8>>, change: &Change) -> Option<Vec<u8>> {
    match change {
        Change::Write { at, bytes } => {
            let mut content = content.unwrap_or_default();
            let end = at + bytes.len();
            // A good deal faster than `resize` in a test that is not optimised.
            content.extend_from_slice(&vec![0; end.saturating_sub(content.len())]);
            content[*at..end].copy_from_slice(bytes);
            Some(content)
        }
        Change::Truncate(length) => {
            let mut content = content.unwrap_or_default();
            content.resize(*length, 0);
            Some(content)
        }
        Change::Delete => None,
    }
}

/// The beginning of a write; nothing of what can't be torn.
fn torn(change: &Change) -> Option<Change> {
    match change {
        Change::Write { at, bytes } => {
            Some(Change::Write { at: *at, bytes: bytes[..torn_length(bytes.len())].to_vec() })
        }
        Change::Truncate(_) | Change::Delete => None,
    }
}

/// How much of a write arrives that was cut off: for a page it ends in the middle of a sector.
pub fn torn_length(length: usize) -> usize {
    length / 2 + length / 16
}

fn drawn(changes: &[Change], seed: u64) -> Vec<Change> {
    let mut state = seed;
    let mut kept = Vec::new();
    for change in changes {
        match (draw(&mut state), change) {
            // Under a name that was not deleted the old file is found, and nothing of the new one.
            (0, Change::Delete) => break,
            (0, _) => {}
            (1, Change::Write { .. }) => kept.extend(torn(change)),
            _ => kept.push(change.clone()),
        }
    }
    kept
}

/// A number from 0 to 3 (SplitMix64).
fn draw(state: &mut u64) -> u64 {
    *state = state.wrapping_add(0x9E37_79B9_7F4A_7C15);
    let mut mixed = *state;
    mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    (mixed ^ (mixed >> 31)) % 4
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_was_synced_is_sure_to_remain() {
        let mut image = Image::found(Some(b"old".to_vec()));
        image.change(write(0, b"new"));
        image.sync();
        image.change(write(3, b"er"));
        image.change(Change::Truncate(4));
        assert!(!image.is_synced());
        assert_eq!(image.after_power_cut(Remains::Nothing), Some(b"new".to_vec()));
        assert_eq!(image.after_power_cut(Remains::AllButTorn), Some(b"newer".to_vec()));
        assert_eq!(image.after_power_cut(Remains::All), Some(b"newe".to_vec()));
        let drawn: Vec<_> = (0..100).map(|seed| image.after_power_cut(Remains::Some(seed)).unwrap()).collect();
        for outcome in [b"new".as_slice(), b"newer", b"newe", b"new\0"] {
            assert!(drawn.iter().any(|content| content == outcome), "{outcome:?}");
        }
    }

    #[test]
    fn the_beginning_of_the_last_write_remains() {
        let mut image = Image::default();
        image.change(write(0, b"whole"));
        image.change(write(5, b"half"));
        assert_eq!(image.after_power_cut(Remains::AllButTorn), Some(b"wholeha".to_vec()));
        assert_eq!(image.after_power_cut(Remains::Nothing), None, "the file's name was not synced either");
    }

    #[test]
    fn a_deleted_file_comes_back_with_its_old_content_alone() {
        let mut image = Image::found(Some(b"old".to_vec()));
        image.change(Change::Delete);
        image.change(write(0, b"n"));
        assert_eq!(image.after_power_cut(Remains::Nothing), Some(b"old".to_vec()));
        for seed in 0..100 {
            let left = image.after_power_cut(Remains::Some(seed));
            assert!([None, Some(b"old".to_vec()), Some(b"n".to_vec()), Some(Vec::new())].contains(&left), "{left:?}");
        }
        image.sync_name();
        assert_eq!(image.after_power_cut(Remains::Nothing), None);
        assert_eq!(image.after_power_cut(Remains::All), Some(b"n".to_vec()));
    }

    fn write(at: usize, bytes: &[u8]) -> Change {
        Change::Write { at, bytes: bytes.to_vec() }
    }
}
