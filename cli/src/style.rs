//! How wide and how colourful the output may be. Nothing is told by colour alone.

use std::io::{self, IsTerminal};

use terminal_size::{Width, terminal_size};

/// Where the terminal does not say how wide it is, or there is none.
const COLUMNS: usize = 80;
/// Narrower ones are taken for this: words would fall apart.
const FEWEST_COLUMNS: usize = 24;
const MOST_COLUMNS: usize = 400;

/// What the output may look like.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Style {
    pub colours: bool,
    /// Columns of a line.
    pub width: usize,
    /// Whether a line on standard error may be written over, to show how far something is.
    pub progress: bool,
}

impl Style {
    /// As the environment and the terminal wish it; plain for programs (`json`).
    pub fn of_environment(json: bool) -> Self {
        let variable = |name: &str| std::env::var(name).ok();
        let width = terminal_size().map_or(COLUMNS, |(Width(columns), _)| usize::from(columns));
        Self {
            colours: !json && colours(variable, io::stdout().is_terminal()),
            width: width.clamp(FEWEST_COLUMNS, MOST_COLUMNS),
            progress: !json && io::stderr().is_terminal() && !is_dumb(&variable),
        }
    }
}

/// `NO_COLOR` beats all; `CLICOLOR_FORCE` wants colours in files and pipes too; `CLICOLOR=0` and `TERM=dumb` want none.
fn colours(variable: impl Fn(&str) -> Option<String>, is_terminal: bool) -> bool {
    let is_set = |name| variable(name).is_some_and(|value| !value.is_empty());
    if is_set("NO_COLOR") {
        return false;
    }
    if is_set("CLICOLOR_FORCE") && variable("CLICOLOR_FORCE").as_deref() != Some("0") {
        return true;
    }
    is_terminal && variable("CLICOLOR").as_deref() != Some("0") && !is_dumb(&variable)
}

fn is_dumb(variable: &impl Fn(&str) -> Option<String>) -> bool {
    variable("TERM").as_deref() == Some("dumb")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with(variables: &[(&str, &str)], is_terminal: bool) -> bool {
        let find =
            |name: &str| variables.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned());
        colours(find, is_terminal)
    }

    #[test]
    fn colours_are_for_terminals_and_whoever_wants_none_gets_none() {
        assert!(with(&[], true));
        assert!(with(&[("NO_COLOR", "")], true), "an empty variable says nothing");
        assert!(with(&[("CLICOLOR_FORCE", "1")], false));
        for (variables, is_terminal) in [
            (&[][..], false),
            (&[("NO_COLOR", "1")], true),
            (&[("NO_COLOR", "1"), ("CLICOLOR_FORCE", "1")], true),
            (&[("CLICOLOR", "0")], true),
            (&[("CLICOLOR_FORCE", "0")], false),
            (&[("TERM", "dumb")], true),
        ] {
            assert!(!with(variables, is_terminal), "{variables:?}");
        }
    }
}
