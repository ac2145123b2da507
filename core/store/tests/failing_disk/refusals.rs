//! A disk that fills up, turns read-only or breaks, and works again later.

use sealpost_disk::Fault;
use sealpost_store::OpenError;

use crate::script::{MAKING, Play, USING};

#[test]
fn disk_that_fills_up_at_any_write_is_said_and_loses_nothing() {
    fails_and_works_again(Fault::Full, |error| *error == OpenError::DiskFull);
}

#[test]
fn disk_that_turns_read_only_at_any_write_is_said_and_loses_nothing() {
    fails_and_works_again(Fault::ReadOnly, |error| *error == OpenError::ReadOnly);
}

#[test]
fn disk_that_breaks_at_any_write_or_sync_is_said_and_loses_nothing() {
    fails_and_works_again(Fault::Broken, |error| *error == OpenError::ReadOnly);
}

fn fails_and_works_again(fault: Fault, is_clear: fn(&OpenError) -> bool) {
    for (script, process_ends) in [(MAKING, true), (USING, true), (USING, false)] {
        Play::fails_at_each(script, fault, |play, outcome| {
            if let Err(error) = &outcome {
                assert!(is_clear(error), "{error:?}");
                assert!(play.disk.has_failed());
            }
            if play.is_open() {
                assert_eq!(play.content(), play.committed, "reading goes on, and sees what was committed");
            }
            goes_on_to_the_end(play, process_ends, fault);
        });
    }
}

fn goes_on_to_the_end(play: &mut Play, process_ends: bool, fault: Fault) {
    if process_ends {
        play.ends();
        play.disk.works_again();
        // What a sync failed to make durable may be there all the same.
        let unsure = u32::from(fault == Fault::Broken && play.is_committing());
        let found = play.reopens();
        assert!((play.committed..=play.committed + unsure).contains(&found), "{found}");
    } else {
        play.disk.works_again();
    }
    assert_eq!(play.goes_on(), Ok(()));
    assert_eq!(play.reopens(), play.committed);
}
