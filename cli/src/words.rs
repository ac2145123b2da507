//! Every text that a person sees, in English, German or French, from the Fluent files in `locales/`.
//!
//! The files keep to a subset from which Android and iOS resources can be made: messages with variables and plural
//! selectors; no terms, functions or attributes. The tests hold the three files to the same keys and variables, and
//! to the keys that the code names.

use std::fmt;

use fluent_bundle::{FluentArgs, FluentResource, FluentValue, concurrent::FluentBundle};
use unic_langid::langid;

/// A language that the program speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Language {
    English,
    German,
    French,
}

impl Language {
    /// The first of the wished locales (`de`, `fr_CH.UTF-8` …) that is not empty decides; unknown ones get English.
    pub fn choose(wished: impl IntoIterator<Item = Option<String>>) -> Self {
        let locale = wished.into_iter().flatten().find(|locale| !locale.is_empty()).unwrap_or_default();
        Self::from_code(&locale).unwrap_or(Self::English)
    }

    /// Reads `de`, `de-AT`, `de_DE.UTF-8`.
    pub fn from_code(locale: &str) -> Option<Self> {
        let code = locale.split(['_', '-', '.', '@']).next().unwrap_or("").to_ascii_lowercase();
        [Self::English, Self::German, Self::French].into_iter().find(|language| language.code() == code)
    }

    pub fn code(self) -> &'static str {
        match self {
            Self::English => "en",
            Self::German => "de",
            Self::French => "fr",
        }
    }

    fn source(self) -> &'static str {
        match self {
            Self::English => include_str!("../locales/en.ftl"),
            Self::German => include_str!("../locales/de.ftl"),
            Self::French => include_str!("../locales/fr.ftl"),
        }
    }
}

/// The texts of one language.
pub struct Words {
    language: Language,
    bundle: FluentBundle<FluentResource>,
}

impl Words {
    pub fn new(language: Language) -> Self {
        let resource = FluentResource::try_new(language.source().to_owned());
        let resource = resource.expect("the tests parse every locale file without an error");
        let locale = match language {
            Language::English => langid!("en"),
            Language::German => langid!("de"),
            Language::French => langid!("fr"),
        };
        let mut bundle = FluentBundle::new_concurrent(vec![locale]);
        // Isolating marks would be in the way of terminals and scripts; what is foreign is cleaned before it is shown.
        bundle.set_use_isolating(false);
        bundle.add_resource(resource).expect("the tests find every key once in a locale file");
        Self { language, bundle }
    }

    pub fn language(&self) -> Language {
        self.language
    }

    /// The text of a key that has no variables.
    pub fn say(&self, key: &str) -> String {
        self.with(key, &[])
    }

    /// The text of a key with its variables. An unknown key shows itself: better an ugly word than none.
    pub fn with(&self, key: &str, variables: &[(&str, FluentValue<'_>)]) -> String {
        let Some(pattern) = self.bundle.get_message(key).and_then(|message| message.value()) else {
            return key.to_owned();
        };
        let mut arguments = FluentArgs::new();
        for (name, value) in variables {
            arguments.set(*name, value.clone());
        }
        self.bundle.format_pattern(pattern, Some(&arguments), &mut Vec::new()).into_owned()
    }
}

impl fmt::Debug for Words {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_tuple("Words").field(&self.language).finish()
    }
}

#[cfg(test)]
pub mod tests;
