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

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::vectors::{bytes, list, load};

    #[test]
    fn classes_and_padding_are_those_of_the_vectors() {
        let file = load("padding");
        for case in list(&file["lengths"]) {
            let (length, class) = (case[0].as_u64().unwrap(), case[1].as_u64().unwrap());
            assert_eq!(padded_length(length as usize), class as usize, "{length}");
        }
        assert_eq!(pad(bytes(&file["content"])), bytes(&file["padded"]));
    }

    #[test]
    fn a_mebibyte_of_sizes_falls_into_257_classes_at_little_cost() {
        let classes: std::collections::BTreeSet<usize> = (0..=1 << 20).map(padded_length).collect();
        assert_eq!(classes.len(), 257);
        assert!((257..=1 << 20).all(|length| padded_length(length) * 100 < length * 112));
    }

    #[test]
    fn what_was_not_padded_here_is_refused() {
        let padded = pad(b"seal".to_vec());
        assert_eq!(unpad(Vec::new()), None);
        assert_eq!(unpad(vec![0; 256]), None);
        assert_eq!(unpad([padded.as_slice(), &[0]].concat()), None);
        assert_eq!(unpad(padded[..255].to_vec()), None);
        assert_eq!(unpad([padded.as_slice(), &[1]].concat()), None);
    }

    proptest! {
        #[test]
        fn padding_comes_off_again(content in prop::collection::vec(any::<u8>(), 0..5_000)) {
            let padded = pad(content.clone());
            prop_assert_eq!(padded.len(), padded_length(content.len() + 1));
            prop_assert_eq!(unpad(padded), Some(content));
        }

        #[test]
        fn content_may_end_like_padding(zeros in 0_usize..600, marks in 0_usize..3) {
            let content = [vec![0x80; marks], vec![0; zeros]].concat();
            prop_assert_eq!(unpad(pad(content.clone())), Some(content));
        }

        #[test]
        fn classes_grow_and_are_their_own_class(length in 0_usize..1 << 30) {
            let class = padded_length(length);
            prop_assert!(class >= length && padded_length(length + 1) >= class);
            prop_assert_eq!(padded_length(class), class);
        }

        #[test]
        fn arbitrary_bytes_never_panic(padded: Vec<u8>) {
            if let Some(content) = unpad(padded.clone()) {
                prop_assert_eq!(pad(content), padded);
            }
        }
    }
}
