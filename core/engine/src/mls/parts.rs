//! Divides a MessagePack value into parts that stay where they are while the value changes here and there, so that a
//! change writes a part and not the whole.
//!
//! What takes more than [`PART_BYTES`] is divided into its elements, lists by [`BLOCK`] of them. The parts one after
//! another are the value: nothing is lost, however it is divided.

/// What takes no more is left whole. A group's message secrets have thousands of bytes, one member's a hundred.
const PART_BYTES: usize = 512;
/// Elements of a divided list that stay together.
const BLOCK: usize = 8;

/// The parts of an encoded value; none of an empty one.
pub(super) fn divide(value: &[u8]) -> Vec<&[u8]> {
    let mut cuts = vec![0];
    // What is not MessagePack stays whole from there on.
    let _ = cut(value, 0, &mut cuts);
    cuts.push(value.len());
    cuts.dedup();
    cuts.windows(2).map(|cut| &value[cut[0]..cut[1]]).collect()
}

/// Notes where to cut the element that starts at `start`; gives its end.
fn cut(value: &[u8], start: usize, cuts: &mut Vec<usize>) -> Option<usize> {
    let end = element_end(value, start)?;
    let Element { head, children, list } = element(value, start)?;
    if end - start <= PART_BYTES || children == 0 {
        return Some(end);
    }
    let mut place = start + head;
    for number in 0..children {
        if list && number % BLOCK == 0 {
            cuts.push(place);
        }
        place = cut(value, place, cuts)?;
    }
    cuts.push(end);
    Some(end)
}

fn element_end(value: &[u8], start: usize) -> Option<usize> {
    let mut place = start;
    let mut left = 1_usize;
    while left > 0 {
        let Element { head, children, .. } = element(value, place)?;
        place += head;
        left = left - 1 + children;
    }
    (place <= value.len()).then_some(place)
}

/// One element without what it contains.
struct Element {
    /// Bytes before its first child, or all of them.
    head: usize,
    children: usize,
    list: bool,
}

fn element(value: &[u8], start: usize) -> Option<Element> {
    let rest = value.get(start..)?;
    let (marker, rest) = rest.split_first()?;
    let number = |bytes: usize| {
        let digits = rest.get(..bytes)?;
        Some(digits.iter().fold(0_usize, |number, digit| number << 8 | usize::from(*digit)))
    };
    let whole = |bytes: usize| Some(Element { head: 1 + bytes, children: 0, list: false });
    let list = |bytes: usize, children: usize| Some(Element { head: 1 + bytes, children, list: true });
    let map = |bytes: usize, pairs: usize| Some(Element { head: 1 + bytes, children: 2 * pairs, list: false });
    match *marker {
        0x80..=0x8f => map(0, usize::from(marker & 0x0f)),
        0x90..=0x9f => list(0, usize::from(marker & 0x0f)),
        0xa0..=0xbf => whole(usize::from(marker & 0x1f)),
        0xc4 | 0xd9 => whole(1 + number(1)?),
        0xc5 | 0xda => whole(2 + number(2)?),
        0xc6 | 0xdb => whole(4 + number(4)?),
        0xc7 => whole(2 + number(1)?),
        0xc8 => whole(3 + number(2)?),
        0xc9 => whole(5 + number(4)?),
        0xca | 0xce | 0xd2 => whole(4),
        0xcb | 0xcf | 0xd3 => whole(8),
        0xcc | 0xd0 => whole(1),
        0xcd | 0xd1 => whole(2),
        0xd4..=0xd8 => whole(1 + (1 << (marker - 0xd4))),
        0xdc => list(2, number(2)?),
        0xdd => list(4, number(4)?),
        0xde => map(2, number(2)?),
        0xdf => map(4, number(4)?),
        0x00..=0x7f | 0xc0..=0xc3 | 0xe0..=0xff => whole(0),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeMap;

    fn encoded(members: usize, changed: Option<usize>) -> Vec<u8> {
        let secret = |member: usize| Some(vec![if changed == Some(member) { 1_u8 } else { 200 }; 40]);
        let tree: BTreeMap<&str, Vec<Option<Vec<u8>>>> =
            [("leaves", (0..members).map(secret).collect()), ("nodes", vec![None; members])].into();
        rmp_serde::to_vec_named(&(tree, "behind", 3.5_f64, i64::MIN, u32::MAX)).expect("encodes")
    }

    #[test]
    fn parts_make_up_the_value() {
        for members in [0, 1, 15, 16, 17, 100, 70_000] {
            let value = encoded(members, None);
            assert_eq!(divide(&value).concat(), value);
        }
        assert!(divide(b"").is_empty());
    }

    #[test]
    fn change_touches_one_part() {
        let (before, after) = (encoded(1_000, None), encoded(1_000, Some(567)));
        let (before, after) = (divide(&before), divide(&after));
        assert_eq!(before.len(), after.len());
        let changed: Vec<_> = before.iter().zip(&after).filter(|(before, after)| before != after).collect();
        assert_eq!(changed.len(), 1);
        assert!(before.iter().all(|part| part.len() < 2 * PART_BYTES), "no part is large");
    }

    #[test]
    fn what_is_not_messagepack_is_not_lost_either() {
        for value in [[0x9f; 600].as_slice(), &[0xdf; 600], &[0xc1; 600], &[0xc6, 0xff, 0xff, 0xff, 0xff]] {
            assert_eq!(divide(value).concat(), value);
        }
    }
}
