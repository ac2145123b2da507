//! Who may change a group, by rules that all its members see alike: a commit that one of them skips, all skip.
//!
//! So nothing here looks at contacts, clocks or anything else that this device alone knows.

use sealpost_crypto::keys::{Domain, verify};
use sealpost_wire::{id::UserId, limits};

use super::slot_content::Proof;
use crate::mls::{CommitView, GroupId, GroupProfile, Member};

/// Who acts as admin: the admins who are members, in the order of their leaves; where none is left, the lowest leaf.
pub fn acting_admins(admins: &[UserId], members: impl Iterator<Item = UserId> + Clone) -> Vec<UserId> {
    let acting: Vec<UserId> = members.clone().filter(|id| admins.contains(id)).collect();
    if acting.is_empty() { members.take(1).collect() } else { acting }
}

/// Whether the group takes this commit.
///
/// # Errors
/// The rule that it breaks.
pub fn judge(group: GroupId, proofs: &[Proof], view: &CommitView<'_>) -> Result<(), &'static str> {
    if view.profile.two {
        return judge_two(view);
    }
    let ids = view.members.iter().map(|member| member.id);
    let admin = acting_admins(&view.profile.admins, ids).contains(&view.committer.id);
    let came_back = |member: &Member| view.removed.iter().any(|removed| removed.id == member.id);
    let newcomers = view.added.iter().filter(|member| !came_back(member)).count();
    if newcomers > 0 && !admin && !view.profile.members_add {
        return Err("only admins add members");
    }
    if view.members.len() + view.added.len() - view.removed.len() > limits::GROUP_MEMBERS {
        return Err("a group has at most 1,000 members");
    }
    for (removed, leaf) in view.removed.iter().zip(view.removed_leaves) {
        let returns = view.added.iter().any(|added| added.id == removed.id);
        let leaves = !returns && proofs.iter().any(|proof| proof.holds(group, removed, leaf));
        if !admin && !leaves {
            return Err("only admins remove members");
        }
    }
    let profile = view.new_profile.unwrap_or(view.profile);
    if view.added.iter().any(|added| !came_back(added) && profile.admins.contains(&added.id)) {
        return Err("newcomers are no admins");
    }
    view.new_profile.map_or(Ok(()), |new| judge_profile(admin, view, new))
}

/// Whoever takes out the last admin, who leaves, is one in their place: else somebody could be it who can't follow.
fn inherits(view: &CommitView<'_>) -> bool {
    let is_admin = |member: &Member| view.profile.admins.contains(&member.id);
    let stays = |member: &&Member| !view.removed.iter().any(|removed| removed.id == member.id);
    view.removed.iter().any(is_admin) && !view.members.iter().filter(stays).any(is_admin)
}

/// The policy of a conversation of two: nobody comes, nobody goes, nothing is renamed.
fn judge_two(view: &CommitView<'_>) -> Result<(), &'static str> {
    if view.added.is_empty() && view.removed.is_empty() && view.new_profile.is_none() {
        return Ok(());
    }
    Err("a conversation of two only renews its keys")
}

fn judge_profile(admin: bool, view: &CommitView<'_>, new: &GroupProfile) -> Result<(), &'static str> {
    let old = view.profile;
    let renamed = GroupProfile { name: new.name.clone(), ..old.clone() };
    let inherited = GroupProfile { admins: vec![view.committer.id], ..old.clone() };
    let allowed = admin || (old.members_rename && *new == renamed) || (inherits(view) && *new == inherited);
    if !allowed {
        return Err("only admins change the group");
    }
    let fixed = |profile: &GroupProfile| (profile.purpose, profile.two, profile.thread, profile.counter);
    if fixed(old) != fixed(new) {
        return Err("what a group is for does not change");
    }
    if new.name.len() > limits::NAME_BYTES {
        return Err("a group's name has at most 128 bytes");
    }
    let stays = |id: &UserId| view.members.iter().any(|member| member.id == *id);
    if new.admins.is_empty() || !new.admins.iter().all(stays) {
        return Err("a group's admins are members");
    }
    Ok(())
}

impl Proof {
    /// Whether this proves that `member` wants this leaf of theirs to go.
    pub(super) fn holds(&self, group: GroupId, member: &Member, leaf: &[u8; 32]) -> bool {
        let signed = self.signed_bytes(group);
        self.id() == Some(member.id)
            && self.hash == leaf
            && verify(&member.identity_key, Domain::Leave, &signed, &self.signature)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(number: u8) -> UserId {
        UserId::from_random([number; 5])
    }

    #[test]
    fn admins_act_in_the_order_of_their_leaves_and_without_any_the_lowest_leaf_does() {
        let members = [id(3), id(1), id(2)];
        assert_eq!(acting_admins(&[id(1), id(3), id(9)], members.into_iter()), [id(3), id(1)]);
        assert_eq!(acting_admins(&[id(9)], members.into_iter()), [id(3)]);
        assert_eq!(acting_admins(&[], std::iter::empty()), []);
    }
}
