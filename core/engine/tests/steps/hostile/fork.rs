//! A group that somebody wants to part: forged epoch tags, two contents for one slot, a Welcome into a fork.

use sealpost_engine::{
    command::Command,
    mls::{Changes, GroupId},
};

use super::forged::{Body, Content, GroupMessage, Welcome};
use crate::{
    club::over_both_suites,
    person::Fate,
    town::{self, ADA, BEN, CLO, DAY_MS, Town, is_commit},
};

/// A message of Ben's in the current epoch that opens for nobody, under this tag.
fn unopenable(town: &mut Town, id: GroupId, epoch_tag: Vec<u8>) -> Body {
    let mut message = town.in_mls(BEN, id, |group, session| group.encrypt(session, b"sealed")).expect("sealed");
    *message.last_mut().expect("a tag") ^= 1;
    Body::Message(GroupMessage { message, message_id: Vec::new(), epoch_tag })
}

#[test]
fn forged_epoch_tags_part_nobody() {
    over_both_suites(|town| {
        let mut town = town.with_group(&[BEN, CLO]);
        let id = town.club_state(BEN).id;
        let (before, slots) = (town.sights(&[ADA, BEN, CLO]), town.relay.slots.len());
        for tag in [vec![0; 8], vec![0xff; 8], vec![1], vec![7; 300]] {
            let forged = unopenable(&mut town, id, tag);
            [ADA, CLO].iter().for_each(|to| town.slips(*to, forged.clone()));
        }
        town.slips_content(BEN, &[ADA, CLO], id, &Content::text("under a forged tag", 1), Some([3; 8]));
        town.passes(2 * DAY_MS);
        assert_eq!(town.relay.slots.len(), slots, "nobody is added afresh");
        assert_eq!(town.club_epoch(CLO), before[2].epoch);
        assert_eq!(town.club_texts(CLO), ["under a forged tag"], "what opens is read, whatever its tag says");
        assert_eq!(town.happened(CLO), before[2].happened);
        town.club_talks(&[ADA, BEN, CLO]);
    });
}

#[test]
fn between_two_a_forged_epoch_tag_costs_a_new_group_at_most() {
    town::over_both_suites(|town| {
        let mut town = town.talking();
        let id = town.group(BEN, ADA).id;
        let forged = unopenable(&mut town, id, vec![0; 8]);
        town.slips(ADA, forged.clone());
        town.settles();
        town.still_talk();
        town.slips(ADA, forged);
        town.settles();
        town.still_talk();
        assert_eq!(town.texts(ADA, BEN)[..2], ["hello Ben", "hello Ada"]);
    });
}

#[test]
fn between_two_a_relay_that_shows_two_contents_for_one_slot_is_found_out_by_the_next_message() {
    town::over_both_suites(|town| {
        let mut town = town.talking();
        for who in [ADA, BEN] {
            let with = ADA + BEN - who;
            town.is_due_to_heal(who, with);
            town.people[who].next(is_commit, Fate::Swallowed);
            town.says(who, with, &format!("heals {who}"));
            while town.performs(who) {}
            // Whoever claims next is the first, too.
            town.relay.slots.clear();
        }
        town.settles();
        assert_eq!(town.epoch(ADA, BEN).1, town.epoch(BEN, ADA).1);
        town.says(ADA, BEN, "from the one side");
        town.says(BEN, ADA, "from the other");
        town.settles();
        town.still_talk();
        for (who, with) in [(ADA, BEN), (BEN, ADA)] {
            let texts = town.texts(who, with);
            for text in ["heals 0", "heals 1", "from the one side", "from the other"] {
                assert_eq!(texts.iter().filter(|it| *it == text).count(), 1, "{who}: {texts:?}");
            }
        }
    });
}

#[test]
fn whoever_is_lured_into_a_fork_of_the_group_comes_back() {
    over_both_suites(|town| {
        let mut town = town.with_group(&[BEN, CLO]);
        let (id, clo) = (town.club_state(BEN).id, town.id(CLO));
        // A forged tag lets Clo ask to be added afresh, and Ben answers, who must not.
        let forged = unopenable(&mut town, id, vec![0; 8]);
        town.slips(CLO, forged);
        town.settles();
        let changes = Changes { remove: vec![clo], add: vec![town.package_of(CLO)], ..Changes::default() };
        let welcome = town.crafts(BEN, id, &changes).welcome.expect("a welcome");
        let many = town.club(CLO).expect("there is a group").many.expect("of many");
        let newest = many.secrets.last().expect("a secret");
        let secrets =
            vec![super::forged::TokenSecret { generation: newest.generation, secret: newest.secret.to_vec() }];
        let (card, thread) = (town.people[BEN].card().to_bytes(), many.thread.to_vec());
        let name = "Ben".to_owned();
        town.slips(CLO, Body::Welcome(Welcome { welcome, card, name, counter: 0, thread, secrets }));
        town.settles();
        town.club_says(CLO, "where am I?");
        town.settles();
        town.club_says(ADA, "where is Clo?");
        town.settles();
        for _ in 0..3 {
            town.passes(DAY_MS);
            for who in [ADA, BEN, CLO] {
                town.disconnects(who);
                town.connects(who);
            }
            town.settles();
        }
        town.ada_renames("together");
        town.club_talks(&[ADA, BEN, CLO]);
        for who in [ADA, BEN, CLO] {
            let texts = town.club_texts(who);
            for text in ["where am I?", "where is Clo?"] {
                assert_eq!(texts.iter().filter(|it| *it == text).count(), 1, "{who}: {texts:?}");
            }
        }
    });
}

#[test]
fn a_forbidden_commit_shown_to_one_alone_does_not_hide_the_true_one() {
    over_both_suites(|town| {
        let mut town = town.with_group(&[BEN, CLO]);
        let (id, clo) = (town.club_state(BEN).id, town.id(CLO));
        let (at_ada, before) = (town.club_id(ADA), town.club_members(CLO));
        // Ada's true removal of Ben stands in the slot; Ben's own story is told with a receipt for something else.
        let commit = town.crafts(BEN, id, &Changes { remove: vec![clo], ..Changes::default() }).commit;
        let content = super::forged::SlotContent { commit, proofs: Vec::new() };
        let written = town.writes_into_slot(BEN, id, 0, &content);
        town.relay.slots.clear();
        let ben = town.id(BEN);
        town.command(ADA, Command::RemoveMembers { conversation: at_ada, members: vec![ben] });
        town.people[ADA].next(is_commit, Fate::Swallowed);
        while town.performs(ADA) {}
        town.delivers_commit(BEN, id, 0, &written, &[CLO]);
        town.settles();
        assert_eq!(before, [ADA, BEN, CLO]);
        town.disconnects(CLO);
        town.passes(DAY_MS);
        town.connects(CLO);
        town.settles();
        town.club_talks(&[ADA, CLO]);
    });
}
