//! Whoever was removed: what they still seal, and what their tokens are still good for.

use sealpost_crypto::group_token::group_token;
use sealpost_engine::{
    command::{Answer, Command, Request},
    conversations::Standing,
    mls::GroupId,
};
use sealpost_wire::{
    envelope::{Delivery, Recipient},
    limits,
};

use super::forged::Content;
use crate::{
    club::over_both_suites,
    town::{ADA, BEN, CLO, DAN, DAY_MS, Town},
};

/// Dan is removed, and his device keeps its keys: it hears nothing of it.
fn without_dan(town: Town) -> (Town, GroupId) {
    let mut town = town.with_group(&[BEN, CLO, DAN]);
    let (id, conversation, dan) = (town.club_state(DAN).id, town.club_id(ADA), town.id(DAN));
    town.disconnects(DAN);
    town.command(ADA, Command::RemoveMembers { conversation, members: vec![dan] });
    town.settles();
    assert_eq!(town.standing(DAN), Some(Standing::Member), "as far as his device knows");
    (town, id)
}

fn remain(town: &mut Town) {
    town.club_talks(&[ADA, BEN, CLO]);
    for who in [ADA, BEN, CLO] {
        assert_eq!(town.club_members(who), [ADA, BEN, CLO]);
    }
}

#[test]
fn what_the_removed_seal_is_read_for_two_epochs_at_most() {
    over_both_suites(|town| {
        let (mut town, id) = without_dan(town);
        town.slips_content(DAN, &[ADA, CLO], id, &Content::text("on its way when I went", 1), None);
        town.settles();
        assert_eq!(town.club_texts(ADA), ["on its way when I went"], "nobody can tell it from that");
        for number in 0..2 {
            town.ada_renames(&format!("epoch {number}"));
        }
        town.slips_content(DAN, &[ADA, CLO], id, &Content::text("still here", 2), None);
        town.settles();
        for who in [ADA, CLO] {
            assert_eq!(town.club_texts(who), ["on its way when I went"]);
            assert_eq!(town.club_unopened(who), 0);
        }
        remain(&mut town);
    });
}

#[test]
fn what_the_removed_seal_is_not_heard_once_the_group_was_made_anew() {
    over_both_suites(|town| {
        let mut town = town.with_group(&[BEN, CLO, DAN]);
        let (id, conversation, dan) = (town.club_state(DAN).id, town.club_id(ADA), town.id(DAN));
        town.disconnects(DAN);
        town.command(ADA, Command::RecreateGroup { conversation, without: vec![dan] });
        town.settles();
        town.slips_content(DAN, &[ADA, BEN, CLO], id, &Content::text("still here", 1), None);
        town.settles();
        for who in [ADA, BEN, CLO] {
            assert!(town.club_texts(who).is_empty());
        }
        remain(&mut town);
    });
}

#[test]
fn the_removed_read_nothing_more_even_where_it_is_brought_to_them() {
    over_both_suites(|town| {
        let (mut town, id) = without_dan(town);
        let dan = town.id(DAN);
        // Whatever the others say is copied into his mailbox.
        town.disconnects(CLO);
        town.club_says(ADA, "not for Dan");
        town.settles();
        let clo = town.id(CLO);
        let copies = town.relay.account(clo).mailbox.clone();
        assert!(!copies.is_empty());
        town.relay.account(dan).mailbox.clear();
        town.relay.account(dan).mailbox.extend(copies);
        town.connects(DAN);
        town.settles();
        assert!(town.club_texts(DAN).is_empty());
        assert_eq!(town.with_mls(ADA, id, |group| group.members().len()), 3);
        town.connects(CLO);
        town.settles();
        remain(&mut town);
    });
}

#[test]
fn tokens_of_the_removed_are_good_for_nothing_after_a_week() {
    over_both_suites(|town| {
        let (mut town, _) = without_dan(town);
        let known = town.club(DAN).expect("there is a group").many.expect("of many").secrets;
        for who in [ADA, BEN, CLO] {
            let now = town.club(who).expect("there is a group").many.expect("of many").secrets;
            let newest = now.last().expect("a secret");
            assert!(known.iter().all(|it| it.secret != newest.secret), "the newest is none that Dan knows");
        }
        town.passes((limits::ROTATED_TOKEN_SECONDS + limits::DAY_SECONDS) * 1000);
        for who in [ADA, BEN, CLO] {
            for secret in &known {
                let (mailbox, token) = (town.id(who), group_token(&secret.secret, town.id(who)));
                let wrapped_key = vec![0; 80];
                let recipient = Recipient { mailbox: mailbox.to_string(), token: token.0.to_vec(), wrapped_key };
                let delivery = Delivery {
                    delivery_id: vec![secret.generation as u8; 16],
                    payload: vec![0; 256 + 16],
                    recipients: vec![recipient],
                    ephemeral: false,
                };
                match town.perform(DAN, Request::Deliver(delivery)) {
                    Answer::Delivered(answer) => assert_eq!(answer.refused.len(), 1, "{who}"),
                    other => panic!("a well-formed delivery: {other:?}"),
                }
            }
        }
        remain(&mut town);
        town.passes(DAY_MS);
        remain(&mut town);
    });
}
