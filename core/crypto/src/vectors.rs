//! Test vectors, shared with every other implementation: `tests/vectors/*.json` at the workspace's root, bytes in hex.

use data_encoding::HEXLOWER;
use serde_json::Value;

/// One file of vectors.
pub fn load(name: &str) -> Value {
    let path = format!("{}/../../tests/vectors/{name}.json", env!("CARGO_MANIFEST_DIR"));
    let text = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{path}: {error}"));
    serde_json::from_str(&text).unwrap()
}

/// The entries of a list.
pub fn list(value: &Value) -> &[Value] {
    value.as_array().expect("a list").as_slice()
}

pub fn text(value: &Value) -> &str {
    value.as_str().expect("a text")
}

pub fn bytes(value: &Value) -> Vec<u8> {
    HEXLOWER.decode(text(value).as_bytes()).expect("hex")
}

pub fn array<const N: usize>(value: &Value) -> [u8; N] {
    bytes(value).try_into().expect("the vector's length")
}

/// Everything that differs from `original` in one bit of one byte, or ends early.
pub fn damaged(original: &[u8]) -> impl Iterator<Item = Vec<u8>> {
    let changed = (0..original.len()).map(|index| {
        let mut bytes = original.to_vec();
        bytes[index] ^= 1 << (index % 8);
        bytes
    });
    changed.chain((0..original.len()).map(|length| original[..length].to_vec()))
}
