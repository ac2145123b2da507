//! What every backend of the device database must do; each backend's tests call [`run`].

use super::{Direction, Read, StorageError, Table, Write};

/// A backend under test. `read` is called after commits and may open the database anew.
pub trait Backend {
    /// Runs `work` in one transaction: committed if it succeeds, without a trace if it fails.
    fn transact(
        &mut self,
        work: &mut dyn FnMut(&mut dyn Write) -> Result<(), StorageError>,
    ) -> Result<(), StorageError>;

    fn read(&mut self, work: &mut dyn FnMut(&dyn Read));
}

/// Runs the whole suite; panics with what differs.
pub fn run(backend: &mut dyn Backend) {
    values_are_put_replaced_and_removed(backend);
    a_failed_transaction_leaves_nothing(backend);
    a_transaction_sees_its_own_changes(backend);
    scans_walk_both_ways_and_page(backend);
    tables_do_not_mix(backend);
}

fn values_are_put_replaced_and_removed(backend: &mut dyn Backend) {
    put(backend, Table::Contact, &[(b"a", b"1"), (b"b", b"2")]);
    put(backend, Table::Contact, &[(b"a", b"3"), (b"", b"empty key"), (b"c", b"")]);
    backend.read(&mut |read| {
        assert_eq!(read.value(Table::Contact, b"a"), Ok(Some(b"3".to_vec())));
        assert_eq!(read.value(Table::Contact, b""), Ok(Some(b"empty key".to_vec())));
        assert_eq!(read.value(Table::Contact, b"c"), Ok(Some(Vec::new())), "an empty value is not an absence");
        assert_eq!(read.value(Table::Contact, b"d"), Ok(None));
    });
    let removed = backend.transact(&mut |tx| {
        for key in [b"a".as_slice(), b"", b"c", b"never there"] {
            tx.remove(Table::Contact, key)?;
        }
        tx.remove(Table::Contact, b"b")
    });
    assert_eq!(removed, Ok(()));
    backend.read(&mut |read| assert_eq!(read.value(Table::Contact, b"a"), Ok(None)));
}

fn a_failed_transaction_leaves_nothing(backend: &mut dyn Backend) {
    put(backend, Table::Job, &[(b"kept", b"1")]);
    let failure = StorageError::Failed("on purpose".into());
    let result = backend.transact(&mut |tx| {
        tx.put(Table::Job, b"new", b"2")?;
        tx.remove(Table::Job, b"kept")?;
        Err(failure.clone())
    });
    assert_eq!(result, Err(failure));
    backend.read(&mut |read| {
        assert_eq!(read.value(Table::Job, b"new"), Ok(None));
        assert_eq!(read.value(Table::Job, b"kept"), Ok(Some(b"1".to_vec())));
    });
}

fn a_transaction_sees_its_own_changes(backend: &mut dyn Backend) {
    put(backend, Table::Seen, &[(b"1", b"a"), (b"2", b"b")]);
    let result = backend.transact(&mut |tx| {
        tx.put(Table::Seen, b"3", b"c")?;
        tx.remove(Table::Seen, b"1")?;
        assert_eq!(tx.value(Table::Seen, b"3")?, Some(b"c".to_vec()));
        assert_eq!(keys(&*tx, Table::Seen, b"", None, Direction::Up, 9), [b"2", b"3"]);
        Ok(())
    });
    assert_eq!(result, Ok(()));
}

fn scans_walk_both_ways_and_page(backend: &mut dyn Backend) {
    let rows: [(&[u8], &[u8]); 6] =
        [(b"a", b""), (b"a\x00", b""), (b"a\xFF", b""), (b"a\xFF\xFF", b""), (b"b", b""), (b"\xFF", b"")];
    put(backend, Table::Message, &rows);
    backend.read(&mut |read| {
        let up = keys(read, Table::Message, b"a", None, Direction::Up, 9);
        assert_eq!(up, [b"a".to_vec(), b"a\x00".to_vec(), b"a\xFF".to_vec(), b"a\xFF\xFF".to_vec()]);
        let mut down = keys(read, Table::Message, b"a", None, Direction::Down, 9);
        down.reverse();
        assert_eq!(down, up);
        assert_eq!(keys(read, Table::Message, b"a", Some(b"a\x00"), Direction::Up, 1), [b"a\xFF"]);
        assert_eq!(keys(read, Table::Message, b"a", Some(b"a\xFF"), Direction::Down, 1), [b"a\x00"]);
        assert_eq!(keys(read, Table::Message, b"\xFF", None, Direction::Up, 9), [b"\xFF"]);
        assert_eq!(keys(read, Table::Message, b"", None, Direction::Up, 9).len(), rows.len());
        assert!(keys(read, Table::Message, b"c", None, Direction::Up, 9).is_empty());
    });
}

fn tables_do_not_mix(backend: &mut dyn Backend) {
    for table in Table::ALL {
        put(backend, *table, &[(b"mix", table.name().as_bytes())]);
    }
    backend.read(&mut |read| {
        for table in Table::ALL {
            assert_eq!(read.value(*table, b"mix"), Ok(Some(table.name().as_bytes().to_vec())));
        }
    });
}

fn put(backend: &mut dyn Backend, table: Table, rows: &[(&[u8], &[u8])]) {
    let result = backend.transact(&mut |tx| rows.iter().try_for_each(|(key, value)| tx.put(table, key, value)));
    assert_eq!(result, Ok(()));
}

fn keys<R: Read + ?Sized>(
    read: &R,
    table: Table,
    prefix: &[u8],
    after: Option<&[u8]>,
    direction: Direction,
    limit: usize,
) -> Vec<Vec<u8>> {
    let rows = read.scan(table, prefix, after, direction, limit).expect("the backend scans");
    rows.into_iter().map(|(key, _)| key).collect()
}
