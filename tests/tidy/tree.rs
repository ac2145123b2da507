//! The source tree as the tests see it: every text file, with its path from the root.

use std::{
    fs,
    path::{Path, PathBuf},
};

/// Folders that hold no sources.
const SKIPPED: [&str; 3] = ["target", ".git", "node_modules"];
const TEXTS: [&str; 8] = ["rs", "toml", "md", "sh", "ftl", "json", "svg", "yml"];

pub struct Tree {
    pub files: Vec<File>,
}

pub struct File {
    /// From the root, with slashes.
    pub path: String,
    pub text: String,
}

impl Tree {
    pub fn read() -> Self {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
        let mut files = Vec::new();
        collect(&root, &root, &mut files);
        files.sort_by(|one, other| one.path.cmp(&other.path));
        assert!(files.len() > 50, "the source tree was not found");
        Self { files }
    }

    pub fn rust(&self) -> impl Iterator<Item = &File> {
        self.files.iter().filter(|file| file.path.ends_with(".rs"))
    }

    pub fn file(&self, path: &str) -> Option<&File> {
        self.files.iter().find(|file| file.path == path)
    }
}

impl File {
    /// Whether all of the file is for tests.
    pub fn is_test(&self) -> bool {
        let inner = ["/tests/", "/benches/", "/conformance"].iter().any(|part| self.path.contains(part));
        inner
            || self.path.starts_with("tests/")
            || ["/tests.rs", "/vectors.rs"].iter().any(|end| self.path.ends_with(end))
    }

    /// The numbered lines outside of tests.
    pub fn production(&self) -> impl Iterator<Item = (usize, &str)> {
        let whole = !self.is_test();
        let tests =
            self.text.lines().position(|line| line.starts_with("#[cfg(test)]") || line.starts_with("#[cfg(all(test"));
        let end = tests.unwrap_or(usize::MAX);
        self.lines().filter(move |(number, _)| whole && *number <= end)
    }

    pub fn lines(&self) -> impl Iterator<Item = (usize, &str)> {
        self.text.lines().enumerate().map(|(index, line)| (index + 1, line))
    }

    /// A finding in this file.
    pub fn at(&self, line: usize, what: impl std::fmt::Display) -> String {
        format!("{}:{line}: {what}", self.path)
    }

    pub fn name(&self) -> &str {
        self.path.rsplit('/').next().unwrap_or(&self.path)
    }
}

/// A line of code without the comment behind it.
pub fn code(line: &str) -> &str {
    match line.trim_start() {
        comment if comment.starts_with("//") => "",
        _ => line.split(" // ").next().unwrap_or(line),
    }
}

/// Whether the word stands alone in the line, not as a part of a longer name.
pub fn has_word(line: &str, word: &str) -> bool {
    let is_name =
        |character: Option<char>| character.is_some_and(|character| character.is_alphanumeric() || character == '_');
    line.match_indices(word).any(|(start, _)| {
        !is_name(line[..start].chars().next_back()) && !is_name(line[start + word.len()..].chars().next())
    })
}

fn collect(root: &Path, folder: &Path, files: &mut Vec<File>) {
    for entry in fs::read_dir(folder).expect("a folder of the source tree") {
        let path: PathBuf = entry.expect("an entry of the source tree").path();
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        if path.is_dir() {
            if !SKIPPED.contains(&name) {
                collect(root, &path, files);
            }
            continue;
        }
        let is_text = path.extension().and_then(|end| end.to_str()).is_some_and(|end| TEXTS.contains(&end));
        if is_text || ["Makefile", "run"].contains(&name) {
            let inner = path.strip_prefix(root).expect("a path below the root");
            // A fixture may end like a text and be none.
            if let Ok(text) = fs::read_to_string(&path) {
                files.push(File { path: inner.to_string_lossy().replace('\\', "/"), text });
            }
        }
    }
}
