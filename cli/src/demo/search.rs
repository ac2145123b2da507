//! A look into the relay's folder with an outsider's eyes: its rows, counted, and a search through every byte.

use std::{
    fs,
    path::{Path, PathBuf},
};

use data_encoding::{BASE64, BASE64URL, HEXLOWER, Specification};
use rusqlite::{Connection, OpenFlags};

use crate::exit::CommandError;

use super::failed;

/// What a search found.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Found {
    pub files: u64,
    pub bytes: u64,
    pub hits: u64,
}

/// The relay's tables with the number of their rows; the database is opened read-only.
pub fn rows(database: &Path) -> Result<Vec<(String, u64)>, CommandError> {
    let database = open(database)?;
    let list = "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%' ORDER BY name";
    let mut statement = database.prepare(list).map_err(failed)?;
    let names = statement.query_map([], |row| row.get::<_, String>(0)).map_err(failed)?;
    let mut rows = Vec::new();
    for name in names {
        let name = name.map_err(failed)?;
        let count = format!("SELECT count(*) FROM \"{}\"", name.replace('"', "\"\""));
        let count: i64 = database.query_row(&count, [], |row| row.get(0)).map_err(failed)?;
        rows.push((name, count.unsigned_abs()));
    }
    Ok(rows)
}

/// How many deliveries wait in somebody's mailbox.
///
/// # Errors
/// There is no such mailbox.
pub fn waiting(database: &Path, id: &str) -> Result<u64, CommandError> {
    // The relay keeps an ID as the five bytes that its eight characters stand for.
    let mut alphabet = Specification::new();
    alphabet.symbols.push_str("0123456789ABCDEFGHJKMNPQRSTVWXYZ");
    let id = alphabet.encoding().map_err(failed)?.decode(id.as_bytes()).map_err(failed)?;
    let count = "SELECT (SELECT count(*) FROM message WHERE mailbox = account.account) FROM account WHERE id = ?1";
    let count: i64 = open(database)?.query_row(count, [id], |row| row.get(0)).map_err(failed)?;
    Ok(count.unsigned_abs())
}

fn open(database: &Path) -> Result<Connection, CommandError> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    Connection::open_with_flags(database, flags).map_err(failed)
}

/// Leaves a text in the folder, which a search that works must find.
pub fn plant(folder: &Path, text: &str) -> Result<PathBuf, CommandError> {
    let path = folder.join("planted");
    fs::write(&path, format!("…{text}…")).map_err(failed)?;
    Ok(path)
}

/// Counts every occurrence of the texts in all files below the folder: as they are, in UTF-16, in hexadecimal and in
/// both kinds of base64 at each of the three places where they can start.
pub fn search(folder: &Path, texts: &[String]) -> Result<Found, CommandError> {
    let needles: Vec<Vec<u8>> = texts.iter().flat_map(|text| forms(text)).collect();
    let mut found = Found::default();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).map_err(failed)? {
            let path = entry.map_err(failed)?.path();
            if path.is_dir() {
                folders.push(path);
                continue;
            }
            let content = fs::read(path).map_err(failed)?;
            found.files += 1;
            found.bytes += content.len() as u64;
            found.hits += needles.iter().map(|needle| occurrences(&content, needle)).sum::<u64>();
        }
    }
    Ok(found)
}

fn forms(text: &str) -> Vec<Vec<u8>> {
    let bytes = text.as_bytes();
    let mut forms = vec![
        bytes.to_vec(),
        text.encode_utf16().flat_map(u16::to_le_bytes).collect(),
        HEXLOWER.encode(bytes).into_bytes(),
        HEXLOWER.encode(bytes).to_ascii_uppercase().into_bytes(),
    ];
    // Shorter ones have too few certain characters left in base64: random bytes would be found.
    if bytes.len() >= 8 {
        for shift in 0..3 {
            forms.push(base64_core(&BASE64, shift, bytes));
            forms.push(base64_core(&BASE64URL, shift, bytes));
        }
    }
    forms.sort();
    forms.dedup();
    forms
}

/// The characters of the encoding that do not depend on what stands before or after.
fn base64_core(encoding: &data_encoding::Encoding, shift: usize, bytes: &[u8]) -> Vec<u8> {
    let shifted = [&vec![0; shift], bytes].concat();
    let encoded = encoding.encode(&shifted);
    let first = (shift * 8).div_ceil(6);
    let last = shifted.len() * 8 / 6;
    encoded.as_bytes()[first..last].to_vec()
}

fn occurrences(content: &[u8], needle: &[u8]) -> u64 {
    let Some((first, rest)) = needle.split_first() else {
        return 0;
    };
    let starts = content.iter().enumerate().filter(|(_, byte)| *byte == first);
    starts.filter(|(start, _)| content[start + 1..].starts_with(rest)).count() as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_found_in_every_form() {
        let text = "a secret sentence".to_owned();
        let wide: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
        let mut contents = vec![text.clone().into_bytes(), wide, HEXLOWER.encode(text.as_bytes()).into_bytes()];
        for before in ["", "x", "xy"] {
            let bytes = [before.as_bytes(), text.as_bytes(), b"more"].concat();
            contents.push(BASE64.encode(&bytes).into_bytes());
            contents.push(BASE64URL.encode(&bytes).into_bytes());
        }
        for content in contents {
            let folder = tempfile::tempdir().expect("a folder");
            fs::create_dir(folder.path().join("inner")).expect("made");
            fs::write(folder.path().join("inner/file"), &content).expect("written");
            let found = search(folder.path(), std::slice::from_ref(&text)).expect("searched");
            assert_eq!(found, Found { files: 1, bytes: content.len() as u64, hits: 1 });
        }
    }

    #[test]
    fn the_planted_control_is_found() {
        let folder = tempfile::tempdir().expect("a folder");
        plant(folder.path(), "control").expect("planted");
        assert_eq!(search(folder.path(), &["control".to_owned()]).expect("searched").hits, 1);
        assert_eq!(search(folder.path(), &["absent".to_owned()]).expect("searched").hits, 0);
    }

    #[test]
    fn rows_are_counted_by_table() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("relay.sqlite");
        let database = Connection::open(&path).expect("opened");
        let made = database.execute_batch("CREATE TABLE b (x); CREATE TABLE a (x); INSERT INTO a VALUES (1), (2);");
        made.expect("made");
        assert_eq!(rows(&path).expect("counted"), [("a".to_owned(), 2), ("b".to_owned(), 0)]);
    }
}
