//! A configuration out of its layers: defaults, the file, the environment, flags; each later one wins.
//!
//! Invariants: what is wrong is said with its place (file and line, variable or flag) and with what to do; a name that
//! nobody knows is an error in every layer.

use std::{
    collections::BTreeMap,
    ffi::OsString,
    fmt, fs, io,
    path::{Path, PathBuf},
};

use serde::Deserialize;
use toml::{
    Table, Value,
    de::{DeTable, DeValue},
};

use super::{
    Config, ENVIRONMENT, SETTINGS, Setting,
    problems::{Problem, Weight},
    template::{find, values},
};

/// Names the configuration file; no setting.
const CONFIG_VARIABLE: &str = "SEALPOST_SERVER_CONFIG";

/// Where a value comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Source {
    Default,
    File(PathBuf, usize),
    Variable(String),
    Flag(&'static str),
}

/// A flag's word: the setting, its value, the flag.
pub type Override = (&'static str, Value, &'static str);

/// What a configuration is put together from.
#[derive(Debug, Default)]
pub struct Layers {
    pub file: Option<PathBuf>,
    pub environment: Vec<(OsString, OsString)>,
    pub flags: Vec<Override>,
}

/// A configuration that could be read, and where its values come from.
#[derive(Debug)]
pub struct Loaded {
    pub config: Config,
    pub file: Option<PathBuf>,
    sources: BTreeMap<&'static str, Source>,
}

/// Why there is no configuration: where, what, and what to do.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{place}: {what}; {remedy}")]
pub struct ConfigError {
    pub place: String,
    pub what: String,
    pub remedy: String,
}

impl Layers {
    /// The file that the environment names, if a flag names none.
    pub fn file_of(environment: &[(OsString, OsString)]) -> Option<PathBuf> {
        let named = environment.iter().find(|(name, value)| name == CONFIG_VARIABLE && !value.is_empty());
        named.map(|(_, value)| PathBuf::from(value))
    }

    pub fn load(self) -> Result<Loaded, ConfigError> {
        let mut sources = BTreeMap::new();
        let mut table = Table::new();
        let text = self.file.as_deref().map(read).transpose()?;
        if let (Some(path), Some(text)) = (&self.file, &text) {
            let spanned = DeTable::parse(text).map_err(|error| located(path, text, &error, "write it as TOML"))?;
            names(path, text, "", spanned.get_ref(), &mut sources)?;
            table = text.parse().map_err(|error| located(path, text, &error, "write it as TOML"))?;
        }
        for (setting, value, variable) in variables(&self.environment)? {
            put(&mut table, setting.name, value);
            sources.insert(setting.name, Source::Variable(variable));
        }
        for (name, value, flag) in self.flags {
            put(&mut table, name, value);
            sources.insert(name, Source::Flag(flag));
        }
        match Config::deserialize(Value::Table(table)) {
            Ok(config) => Ok(Loaded { config, file: self.file, sources }),
            Err(error) => Err(match (&self.file, &text) {
                (Some(path), Some(text)) => blame(path, text, &error, &sources),
                _ => incomplete("the environment", &error),
            }),
        }
    }
}

impl Loaded {
    /// What can be read and makes no sense, or deserves a second look.
    pub fn problems(&self) -> Vec<Problem> {
        self.config.problems()
    }

    /// Refuses what makes no sense.
    pub fn check(self) -> Result<Config, ConfigError> {
        match self.problems().into_iter().find(|problem| problem.weight == Weight::Error) {
            None => Ok(self.config),
            Some(problem) => Err(ConfigError {
                place: format!("{} ({})", problem.setting, self.source(problem.setting)),
                what: problem.what,
                remedy: problem.remedy,
            }),
        }
    }

    /// Where a setting's value comes from; of a section, where its first one does.
    pub fn source(&self, name: &str) -> Source {
        let inside =
            |setting: &&str| setting.strip_prefix(name).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'));
        self.sources.iter().find(|(setting, _)| inside(setting)).map_or(Source::Default, |(_, source)| source.clone())
    }

    /// All that is in force, a line each, with its source; secrets are masked.
    pub fn listing(&self) -> Vec<String> {
        let values = values(&self.config);
        let line = |setting: &Setting| {
            let value = find(&values, setting.name)?;
            let shown = if setting.is_secret { "\"(secret)\"".to_owned() } else { value.to_string() };
            Some(format!("{} = {shown}  # {}", setting.name, self.source(setting.name)))
        };
        SETTINGS.iter().filter_map(line).collect()
    }
}

impl fmt::Display for Source {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Default => formatter.write_str("default"),
            Self::File(path, line) => write!(formatter, "{}:{line}", path.display()),
            Self::Variable(name) => formatter.write_str(name),
            Self::Flag(name) => formatter.write_str(name),
        }
    }
}

fn read(path: &Path) -> Result<String, ConfigError> {
    fs::read_to_string(path).map_err(|error| ConfigError {
        place: path.display().to_string(),
        what: format!("the configuration can't be read ({error})"),
        remedy: match error.kind() {
            io::ErrorKind::NotFound => "make one with `sealpost-server init`, or name another with --config".into(),
            io::ErrorKind::PermissionDenied => "run this as the relay's user or as root".into(),
            _ => "look at the file and its disk".into(),
        },
    })
}

/// Notes where each setting stands; refuses what is none.
fn names(
    path: &Path,
    text: &str,
    section: &str,
    table: &DeTable<'_>,
    sources: &mut BTreeMap<&'static str, Source>,
) -> Result<(), ConfigError> {
    for (key, value) in table {
        let name = if section.is_empty() { key.get_ref().to_string() } else { format!("{section}.{}", key.get_ref()) };
        let line = line_of(text, key.span().start);
        if let DeValue::Table(inner) = value.get_ref()
            && SETTINGS.iter().any(|setting| setting.name.starts_with(&format!("{name}.")))
        {
            names(path, text, &name, inner, sources)?;
        } else if let Some(setting) = Setting::find(&name) {
            sources.insert(setting.name, Source::File(path.to_owned(), line));
        } else {
            let place = format!("{}:{line}", path.display());
            return Err(unknown(place, &name, SETTINGS.iter().map(|setting| setting.name.to_owned())));
        }
    }
    Ok(())
}

/// The environment's settings. An empty variable counts as none.
fn variables(environment: &[(OsString, OsString)]) -> Result<Vec<(&'static Setting, Value, String)>, ConfigError> {
    let mut found = Vec::new();
    for (name, value) in environment {
        let name = name.to_string_lossy().into_owned();
        if !name.starts_with(ENVIRONMENT) || name == CONFIG_VARIABLE {
            continue;
        }
        let Some(setting) = SETTINGS.iter().find(|setting| setting.variable() == name) else {
            let known = SETTINGS.iter().map(Setting::variable).chain([CONFIG_VARIABLE.to_owned()]);
            return Err(unknown("the environment".to_owned(), &name, known));
        };
        if value.is_empty() {
            continue;
        }
        let value = value.to_str().and_then(|text| setting.read(text)).ok_or_else(|| ConfigError {
            place: name.clone(),
            what: format!("{} can't be this", setting.name),
            remedy: match setting.kind.words() {
                words if words.contains("list") => format!("it is {words}; write it with commas, without the brackets"),
                words => format!("it is {words}; write it without quotes"),
            },
        })?;
        found.push((setting, value, name));
    }
    found.sort_by_key(|(setting, _, _)| setting.name);
    Ok(found)
}

/// Sets a value. What stands in the way of its section is replaced: `sms.by` is either a word or one section.
fn put(table: &mut Table, name: &str, value: Value) {
    let Some((section, rest)) = name.split_once('.') else {
        table.insert(name.to_owned(), value);
        return;
    };
    let inner = table.entry(section).or_insert_with(|| Value::Table(Table::new()));
    if !inner.is_table() {
        *inner = Value::Table(Table::new());
    }
    if let Value::Table(inner) = inner {
        if section == "by" {
            inner.retain(|way, _| rest.split('.').next() == Some(way));
        }
        put(inner, rest, value);
    }
}

/// The merged layers are wrong. Variables and flags were looked at one by one, so that the file has it, or a pair is
/// incomplete.
fn blame(path: &Path, text: &str, merged: &toml::de::Error, sources: &BTreeMap<&'static str, Source>) -> ConfigError {
    let Err(error) = toml::from_str::<Config>(text) else { return incomplete(&path.display().to_string(), merged) };
    let line = line_of(text, error.span().map_or(0, |span| span.start));
    let stands = |source: &Source| matches!(source, Source::File(_, at) if *at == line);
    let setting = sources.iter().find(|(_, source)| stands(source)).and_then(|(name, _)| Setting::find(name));
    match setting {
        Some(setting) if !error.message().starts_with("missing") => {
            let remedy = format!("{} is {}", setting.name, setting.kind.words());
            located(path, text, &error, &remedy)
        }
        _ => located(path, text, &error, "`sealpost-server init` writes a file in which every setting is explained"),
    }
}

fn incomplete(place: &str, error: &toml::de::Error) -> ConfigError {
    let what = error.message().lines().next().unwrap_or_default().to_owned();
    let remedy = "set both settings of tls, or of sms.by.gateway, or neither".to_owned();
    ConfigError { place: place.to_owned(), what, remedy }
}

fn located(path: &Path, text: &str, error: &toml::de::Error, remedy: &str) -> ConfigError {
    let line = line_of(text, error.span().map_or(0, |span| span.start));
    let what = error.message().lines().next().unwrap_or_default().to_owned();
    ConfigError { place: format!("{}:{line}", path.display()), what, remedy: remedy.to_owned() }
}

fn unknown(place: String, name: &str, known: impl Iterator<Item = String>) -> ConfigError {
    let nearest = known.map(|other| (distance(name, &other), other)).min();
    let remedy = match nearest {
        Some((distance, other)) if distance <= 3.max(name.len() / 4) => format!("did you mean {other}?"),
        _ => "`sealpost-server config` lists the names of all that is set".to_owned(),
    };
    ConfigError { place, what: format!("{name} is no setting"), remedy }
}

/// How many characters must be changed, added or dropped (Levenshtein).
fn distance(one: &str, other: &str) -> usize {
    let other: Vec<char> = other.chars().collect();
    let mut row: Vec<usize> = (0..=other.len()).collect();
    for (index, character) in one.chars().enumerate() {
        let mut before = std::mem::replace(&mut row[0], index + 1);
        for column in 0..other.len() {
            let changed = before + usize::from(other[column] != character);
            before = row[column + 1];
            row[column + 1] = changed.min(before + 1).min(row[column] + 1);
        }
    }
    row[other.len()]
}

fn line_of(text: &str, at: usize) -> usize {
    text.get(..at).unwrap_or_default().matches('\n').count() + 1
}

#[cfg(test)]
mod tests;
