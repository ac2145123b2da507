//! What a line entered in the chat means: a message, or a command that starts with a slash.

/// A line, understood.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Entry {
    Nothing,
    Text(String),
    Reply {
        position: u64,
        text: String,
    },
    /// Of one's own newest message where no number is given.
    Edit {
        position: Option<u64>,
        text: String,
    },
    Delete {
        position: Option<u64>,
    },
    /// An empty emoji takes the reaction back.
    React {
        position: u64,
        emoji: String,
    },
    Typing,
    /// Shows who is in the group.
    Members,
    Group(GroupEntry),
    Help,
    Quit,
    Unknown(String),
}

/// What shall become of a group. People are meant by ID or name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum GroupEntry {
    Add { who: String },
    Remove { who: String },
    Rename { name: String },
    Admin { who: String },
    Accept,
    Leave,
}

impl Entry {
    /// A text that shall start with a slash is entered with two.
    pub fn parse(line: &str) -> Self {
        let line = line.trim();
        let Some(command) = line.strip_prefix('/') else {
            return if line.is_empty() { Self::Nothing } else { Self::Text(line.to_owned()) };
        };
        if command.starts_with('/') {
            return Self::Text(command.to_owned());
        }
        let (verb, rest) = split_word(command);
        let (number, tail) = split_word(rest);
        let position = number.strip_prefix('#').unwrap_or(number).parse().ok();
        let unknown = || Self::Unknown(line.to_owned());
        if let Some(entry) = GroupEntry::parse(verb, rest) {
            return Self::Group(entry);
        }
        match (verb, position) {
            ("reply", Some(position)) if !tail.is_empty() => Self::Reply { position, text: tail.to_owned() },
            ("edit", Some(position)) if number.starts_with('#') && !tail.is_empty() => {
                Self::Edit { position: Some(position), text: tail.to_owned() }
            }
            ("edit", _) if !rest.is_empty() => Self::Edit { position: None, text: rest.to_owned() },
            ("delete", position) if tail.is_empty() && number.is_empty() == position.is_none() => {
                Self::Delete { position }
            }
            ("react", Some(position)) => Self::React { position, emoji: tail.to_owned() },
            ("typing", None) => Self::Typing,
            ("members", None) if rest.is_empty() => Self::Members,
            ("help", _) => Self::Help,
            ("quit", _) => Self::Quit,
            _ => unknown(),
        }
    }
}

impl GroupEntry {
    fn parse(verb: &str, rest: &str) -> Option<Self> {
        let text = rest.to_owned();
        Some(match (verb, rest.is_empty()) {
            ("add", false) => Self::Add { who: text },
            ("remove", false) => Self::Remove { who: text },
            ("rename", false) => Self::Rename { name: text },
            ("admin", false) => Self::Admin { who: text },
            // Nobody leaves by a line that went on otherwise.
            ("accept", true) => Self::Accept,
            ("leave", true) => Self::Leave,
            _ => return None,
        })
    }
}

fn split_word(text: &str) -> (&str, &str) {
    let (word, rest) = text.split_once(char::is_whitespace).unwrap_or((text, ""));
    (word, rest.trim_start())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_lines_are_messages() {
        assert_eq!(Entry::parse("  hello there "), Entry::Text("hello there".into()));
        assert_eq!(Entry::parse("//etc is a folder"), Entry::Text("/etc is a folder".into()));
        assert_eq!(Entry::parse(" "), Entry::Nothing);
    }

    #[test]
    fn commands_take_the_number_that_stands_before_a_message() {
        assert_eq!(Entry::parse("/reply #7 yes"), Entry::Reply { position: 7, text: "yes".into() });
        assert_eq!(Entry::parse("/react 7 👍"), Entry::React { position: 7, emoji: "👍".into() });
        assert_eq!(Entry::parse("/react 7"), Entry::React { position: 7, emoji: String::new() });
        assert_eq!(Entry::parse("/delete #7"), Entry::Delete { position: Some(7) });
    }

    #[test]
    fn without_a_number_edit_and_delete_mean_the_newest() {
        assert_eq!(Entry::parse("/edit 3 o'clock"), Entry::Edit { position: None, text: "3 o'clock".into() });
        assert_eq!(Entry::parse("/edit #3 late"), Entry::Edit { position: Some(3), text: "late".into() });
        assert_eq!(Entry::parse("/delete"), Entry::Delete { position: None });
    }

    #[test]
    fn a_group_is_changed_by_people_with_whole_names() {
        let zoe = || "Zoë of the choir".to_owned();
        assert_eq!(Entry::parse("/add Zoë of the choir"), Entry::Group(GroupEntry::Add { who: zoe() }));
        assert_eq!(Entry::parse("/remove Zoë of the choir"), Entry::Group(GroupEntry::Remove { who: zoe() }));
        assert_eq!(Entry::parse("/leave"), Entry::Group(GroupEntry::Leave));
        assert_eq!(Entry::parse("/members"), Entry::Members);
    }

    #[test]
    fn a_mistyped_command_is_never_sent_as_a_message() {
        for line in ["/dleete 7", "/reply hello", "/delete the file", "/edit", "/leave it", "/add"] {
            assert_eq!(Entry::parse(line), Entry::Unknown(line.into()));
        }
    }
}
