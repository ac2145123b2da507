//! Padmé: sizes that tell little, for at most 12 % more bytes ("Reducing Metadata Leakage from Encrypted Files and
//! Communication with PURBs", PoPETs 2019, section 4).

/// Everything up to this size looks alike; texts of everyday length are among it.
const SMALLEST_CLASS: usize = 256;
/// Marks the end of the content; zeros follow (ISO/IEC 7816-4).
const END: u8 = 0x80;

/// The size class that holds `length` bytes, itself in bytes.
pub fn padded_length(length: usize) -> usize {
    if length <= SMALLEST_CLASS {
        return SMALLEST_CLASS;
    }
    // A size is a floating-point number: its mantissa keeps as many bits as its exponent needs, the rest become zero.
    let exponent = length.ilog2();
    let mantissa_bits = exponent.ilog2() + 1;
    length.next_multiple_of(1 << (exponent - mantissa_bits))
}

/// The content, the end mark, and zeros up to the size class.
pub fn pad(mut content: Vec<u8>) -> Vec<u8> {
    content.push(END);
    content.resize(padded_length(content.len()), 0);
    content
}

/// The content of what [`pad`] made; `None` for anything else.
pub fn unpad(mut padded: Vec<u8>) -> Option<Vec<u8>> {
    let end = padded.iter().rposition(|byte| *byte != 0)?;
    if padded[end] != END || padded.len() != padded_length(end + 1) {
        return None;
    }
    padded.truncate(end);
    Some(padded)
}
