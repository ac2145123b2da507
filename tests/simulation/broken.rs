//! What was to hold and did not.

/// Fails with what was broken.
pub type Held<T = ()> = Result<T, Broken>;

/// A sentence. Shrinking holds on to its first words, up to the colon: the rest may name who and when.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Broken(pub String);

impl Broken {
    /// Whether both are of one kind.
    pub fn is_like(&self, other: &Self) -> bool {
        let kind = |it: &'_ Self| it.0.split(':').next().unwrap_or_default().to_owned();
        kind(self) == kind(other)
    }
}

impl From<&str> for Broken {
    fn from(what: &str) -> Self {
        Self(what.to_owned())
    }
}

impl From<String> for Broken {
    fn from(what: String) -> Self {
        Self(what)
    }
}
