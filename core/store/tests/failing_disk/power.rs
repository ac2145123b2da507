//! A power cut at every write and every sync: what was committed is there, and what was being committed is there whole
//! or not at all.

use sealpost_disk::{Fault, Remains};
use sealpost_store::OpenError;

use crate::script::{MAKING, Play, Step, USING};

#[test]
fn power_cut_at_any_write_or_sync_loses_nothing_that_was_committed() {
    for script in [MAKING, USING] {
        cut_at_each(script, Remains::Nothing);
    }
}

#[test]
fn power_cut_that_tears_a_write_leaves_it_whole_or_not_at_all() {
    for script in [MAKING, USING] {
        cut_at_each(script, Remains::AllButTorn);
    }
}

#[test]
fn power_cut_after_writes_that_nobody_was_told_of_leaves_them_whole_or_not_at_all() {
    for script in [MAKING, USING] {
        cut_at_each(script, Remains::All);
    }
}

#[test]
fn power_cut_in_the_midst_of_reordered_writes_leaves_them_whole_or_not_at_all() {
    for script in [MAKING, USING] {
        (0..2).for_each(|seed| cut_at_each(script, Remains::Some(seed)));
    }
}

/// The control: without it, nobody knows whether the others would find anything.
#[test]
fn commit_that_is_answered_before_it_is_synced_is_found() {
    let mut lost = 0;
    for operation in 0..Play::operations(USING) {
        let mut play = Play::of(USING);
        play.answers_before_it_syncs = true;
        play.disk.fails_after(operation, Fault::PowerCut(Remains::Nothing));
        drop(play.goes_on());
        play.ends();
        play.disk.works_again();
        if play.reopens() < play.committed {
            lost += 1;
        }
    }
    assert!(lost > 10, "only {lost} cuts lost something");
}

fn cut_at_each(script: &'static [Step], remains: Remains) {
    Play::fails_at_each(script, Fault::PowerCut(remains), |play, outcome| {
        if let Err(error) = outcome {
            assert!(matches!(error, OpenError::ReadOnly | OpenError::Io(_)), "{error:?}");
        }
        let unsure = u32::from(play.is_committing());
        play.ends();
        play.disk.works_again();
        let found = play.reopens();
        assert!((play.committed..=play.committed + unsure).contains(&found), "{found} of {}", play.committed);
        assert_eq!(play.goes_on(), Ok(()));
        assert_eq!(play.reopens(), play.committed);
    });
}
