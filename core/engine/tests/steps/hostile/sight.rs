//! What somebody sees of the group: to say that an attack changed nothing of it.

use sealpost_engine::{conversations::Many, fact::Happened, mls::GroupId};
use sealpost_wire::api::mailbox::MailboxToken;

use crate::town::{ADA, Town};

#[derive(Debug, Clone, PartialEq)]
pub struct Sight {
    pub epoch: (GroupId, u64),
    pub many: Many,
    pub members: Vec<usize>,
    pub texts: Vec<String>,
    pub happened: Vec<Happened>,
    pub tokens: Vec<MailboxToken>,
}

impl Town {
    #[track_caller]
    pub fn sight(&mut self, who: usize) -> Sight {
        let id = self.id(who);
        Sight {
            epoch: self.club_epoch(who),
            many: self.club(who).expect("there is a group").many.expect("of many"),
            members: self.club_members(who),
            texts: self.club_texts(who),
            happened: self.happened(who),
            tokens: self.relay.account(id).tokens.clone(),
        }
    }

    pub fn sights(&mut self, of: &[usize]) -> Vec<Sight> {
        of.iter().map(|who| self.sight(*who)).collect()
    }

    /// An epoch is left behind by an honest change, so that whatever stands in its slots is passed over by everybody.
    #[track_caller]
    pub fn ada_renames(&mut self, name: &str) {
        let conversation = self.club_id(ADA);
        let rename = sealpost_engine::command::Command::RenameGroup { conversation, name: name.to_owned() };
        self.command(ADA, rename);
        self.settles();
        assert_eq!(self.club_name(ADA), name);
    }
}
