//! The demo's group: a third person comes, three talk, one is removed and reads nothing of what is said after it.

use std::path::Path;

use crate::exit::{CommandError, Exit};

use super::{Play, failed, person::Person, search};

/// A number that the German authority keeps free for films.
const GIULIA: (&str, &str) = ("Giulia", "+4917604069003");

impl Play<'_> {
    /// The three of them, each heard by both others. The third and the second never met: a member of the group brought
    /// them together.
    pub(super) fn gather(&mut self, folder: &Path) -> Result<(), CommandError> {
        self.story.step("demo-step-third");
        let giulia = self.enter(GIULIA, folder)?;
        self.exchange(&self.johanna, &giulia)?;

        self.story.step("demo-step-group");
        let name = self.write("demo-group-name");
        self.johanna.create_group(&name, &[&self.matthieu, &giulia])?;
        let people = [&self.johanna.name, &self.matthieu.name, &giulia.name].map(String::as_str).join(", ");
        self.story.fact("demo-group-made", &[("name", &name), ("people", &people)]);
        for person in [&self.matthieu, &giulia] {
            person.visit()?;
            self.story.fact("demo-group-joined", &[("name", &person.name)]);
        }
        self.giulia = Some(giulia);
        let texts = ["demo-text-group-one", "demo-text-group-two", "demo-text-group-three"].map(|key| self.write(key));
        let giulia = self.third()?;
        let people = [&self.johanna, &self.matthieu, giulia];
        for (place, (author, text)) in people.iter().zip(&texts).enumerate() {
            self.show_written(author, text, author.send(&name, text, 20)?)?;
            for reader in people.iter().filter(|reader| reader.id != author.id) {
                self.expect_in_group(reader, &name, &texts[..=place])?;
            }
        }
        self.story.fact("demo-group-heard", &[("name", &giulia.name), ("other", &self.matthieu.name)]);
        Ok(())
    }

    /// One is removed. What is written then never comes to that mailbox, and does not stand on that device.
    pub(super) fn remove_one(&mut self) -> Result<(), CommandError> {
        self.story.step("demo-step-removed");
        let group = self.story.text("demo-group-name");
        let giulia = self.third()?;
        let before = giulia.read_in(&group)?;
        self.johanna.remove_from(&group, giulia)?;
        let news = search::waiting(&self.relay.database(), &giulia.id)?;
        self.story.fact("demo-removed", &[("name", &giulia.name), ("other", &self.johanna.name)]);
        let (after, answer) = (self.write("demo-text-removed"), self.write("demo-text-removed-answer"));
        for (author, reader, text) in
            [(&self.johanna, &self.matthieu, &after), (&self.matthieu, &self.johanna, &answer)]
        {
            self.show_written(author, text, author.send(&group, text, 20)?)?;
            if reader.read_in(&group)?.last() != Some(text) {
                return Err(failed(format!("{} did not receive {text:?}", reader.name)));
            }
            self.story.received(&reader.name, text);
        }

        let giulia = self.third()?;
        let waiting = search::waiting(&self.relay.database(), &giulia.id)?;
        let seen = giulia.read_in(&group)?;
        // The news that they are out comes to everybody's mailbox, so the look into it is not in vain.
        let nothing_new = news > 0 && waiting == news && seen == before && giulia.standing_in(&group)? == "removed";
        if !nothing_new || giulia.send_is_refused(&group, &after)? != "not_a_member" {
            return Err(CommandError::new("demo_removed_reads", Exit::Failure).with("name", &giulia.name));
        }
        let (count, texts) = (waiting.to_string(), seen.len().to_string());
        self.story.fact("demo-removed-mailbox", &[("name", &giulia.name), ("count", &count)]);
        self.story.fact("demo-removed-device", &[("name", &giulia.name), ("texts", &texts)]);
        Ok(())
    }

    fn third(&self) -> Result<&Person, CommandError> {
        self.giulia.as_ref().ok_or_else(|| failed("nobody came"))
    }

    /// Lets somebody fetch, and checks that exactly these texts stand in the group, in this order, each once.
    fn expect_in_group(&self, reader: &Person, group: &str, expected: &[String]) -> Result<(), CommandError> {
        let read = reader.read_in(group)?;
        if read != expected {
            return Err(failed(format!("{} read {read:?}, expected {expected:?}", reader.name)));
        }
        if let Some(last) = expected.last() {
            self.story.received(&reader.name, last);
        }
        Ok(())
    }
}
