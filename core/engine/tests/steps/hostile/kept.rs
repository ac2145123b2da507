//! What was kept from yesterday, or meant for somebody else, and is shown again.

use sealpost_crypto::keys::Domain;
use sealpost_engine::{command::Command, conversations::Standing, mls::Changes};
use sealpost_wire::envelope::Envelope;

use super::{forged::SlotContent, policy::commit_is_skipped, proofs::proof, restored::is_restored};
use crate::{
    club::over_both_suites,
    town::{ADA, BEN, CLO, DAN, DAY_MS},
};

#[test]
fn a_leave_is_used_up_when_its_owner_comes_back() {
    over_both_suites(|town| {
        let mut town = town.with_group(&[BEN, CLO]);
        let (id, clo, conversation) = (town.club_state(BEN).id, town.id(CLO), town.club_id(CLO));
        // Ben keeps what he was told when Clo left.
        let key = town.people[CLO].identity_key();
        let kept = proof(&town, CLO, &key, Domain::Leave, id, Vec::new());
        town.command(CLO, Command::LeaveGroup(conversation));
        town.settles();
        town.club_talks(&[ADA, BEN]);
        let club = town.club_id(ADA);
        town.command(ADA, Command::AddMembers { conversation: club, members: vec![clo] });
        town.settles();
        let club = town.club_id(CLO);
        town.command(CLO, Command::AcceptInvitation(club));
        town.settles();
        let commit = town.crafts(BEN, id, &Changes { remove: vec![clo], ..Changes::default() }).commit;
        commit_is_skipped(&mut town, BEN, id, &SlotContent { commit, proofs: vec![kept] });
    });
}

#[test]
fn a_copy_for_another_mailbox_does_not_stand_in_for_the_own_one() {
    over_both_suites(|town| {
        let mut town = town.with_group(&[BEN, CLO]);
        let (ben, clo) = (town.id(BEN), town.id(CLO));
        [BEN, CLO].into_iter().for_each(|who| town.disconnects(who));
        town.club_says(ADA, "one delivery, two mailboxes");
        town.settles();
        let at_ben: Vec<Envelope> = town.relay.account(ben).mailbox.drain(..).collect();
        let at_clo: Vec<Envelope> = town.relay.account(clo).mailbox.drain(..).collect();
        town.relay.account(ben).mailbox.extend(at_clo.iter().chain(&at_ben).cloned());
        town.relay.account(clo).mailbox.extend(at_ben.iter().chain(&at_clo).cloned());
        [BEN, CLO].into_iter().for_each(|who| town.connects(who));
        town.settles();
        assert_eq!(town.club_texts(BEN), ["one delivery, two mailboxes"]);
        assert_eq!(town.club_texts(CLO), ["one delivery, two mailboxes"]);
        town.club_talks(&[ADA, BEN, CLO]);
    });
}

#[test]
fn tokens_of_yesterday_let_nobody_in_or_out() {
    over_both_suites(|town| {
        let mut town = town.with_group(&[BEN, CLO]);
        town.passes(DAY_MS);
        let backup = town.relay.backup();
        let (conversation, clo, dan) = (town.club_id(ADA), town.id(CLO), town.id(DAN));
        town.command(ADA, Command::AddMembers { conversation, members: vec![dan] });
        town.settles();
        town.command(ADA, Command::RemoveMembers { conversation, members: vec![clo] });
        town.settles();
        town.club_says(BEN, "today");
        town.settles();
        is_restored(&mut town, &backup);
        assert_eq!(town.standing(CLO), Some(Standing::Removed));
        assert_eq!(town.club_texts(DAN), ["today"]);
        town.passes(DAY_MS);
        town.club_talks(&[ADA, BEN, DAN]);
    });
}
