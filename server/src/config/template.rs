//! A configuration as a commented file: every setting with what it decides, its unit, its default and its variable.

use std::fmt::Write;

use toml::Value;

use super::{Config, SETTINGS, Setting};

const HEAD: &str = "\
# The relay's configuration. What stands here as a comment is not set.
# `sealpost-server check` says what is wrong with it, `sealpost-server config` what is in force.
# Flags come before variables of the environment, variables before this file.
";

/// The words over a section.
const SECTIONS: [(&str, &str); 7] = [
    ("tls", "The relay's certificate. Without it: plain HTTP, on loopback or behind trusted_proxies only."),
    ("registration", "How one may register."),
    ("sms", "Text messages with codes."),
    ("sms.by.file", "Codes to a file, for tests."),
    ("sms.by.gateway", "Codes by an SMS service: {\"to\": …, \"text\": …} with a bearer token."),
    ("limits", "Rates and quotas. A rate is full at the start; an address prefix is /24, or /48 of IPv6."),
    ("disk", "What is refused on a nearly full disk. Messages that wait are delivered always."),
];

/// The file that says this configuration.
pub fn template(config: &Config) -> String {
    let (set, defaults) = (values(config), values(&Config::default()));
    let mut text = HEAD.to_owned();
    let mut section = "";
    for setting in SETTINGS {
        let (folder, name) = setting.place();
        if folder != section {
            section = folder;
            let is_set = SETTINGS.iter().any(|other| other.place().0 == folder && find(&set, other.name).is_some());
            let words = SECTIONS.iter().find(|(name, _)| *name == folder).map_or("", |(_, words)| words);
            let _ = write!(text, "\n# {words}\n{}[{folder}]\n", if is_set { "" } else { "# " });
        }
        let default = find(&defaults, setting.name).map_or_else(|| "not set".to_owned(), Value::to_string);
        let _ = write!(text, "\n# {}\n# {}Default: {default}. ", setting.about, unit(setting));
        let _ = writeln!(text, "Environment: {}", setting.variable());
        let _ = match find(&set, setting.name) {
            Some(value) => writeln!(text, "{name} = {value}"),
            None => writeln!(text, "# {name} = {}", example(setting, &default)),
        };
    }
    text
}

/// All that is set, as nested tables.
pub fn values(config: &Config) -> Value {
    // A configuration has texts for names and no number beyond 63 bits: it can always be written.
    Value::try_from(config).unwrap_or_else(|_| Value::Table(toml::Table::new()))
}

/// A setting's value; a section is none.
pub fn find<'a>(values: &'a Value, name: &str) -> Option<&'a Value> {
    name.split('.').try_fold(values, |value, part| value.get(part)).filter(|value| !value.is_table())
}

fn unit(setting: &Setting) -> String {
    if setting.unit.is_empty() { String::new() } else { format!("In {}. ", setting.unit) }
}

fn example<'a>(setting: &'a Setting, default: &'a str) -> &'a str {
    if setting.example.is_empty() { default } else { setting.example }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::config::{Disk, Limits, Sms, SmsBy, Tls, Ways};

    #[test]
    fn the_file_that_init_writes_says_the_defaults() {
        let config: Config = toml::from_str(&template(&Config::default())).expect("it is TOML");
        assert_eq!(config, Config::default());
    }

    #[test]
    fn the_file_that_init_writes_names_every_setting_with_its_default_and_variable() {
        let text = template(&Config::default());
        for setting in SETTINGS {
            let (_, name) = setting.place();
            let lines = [format!("{name} = "), format!("# {name} = ")];
            assert!(text.lines().any(|line| lines.iter().any(|start| line.starts_with(start))), "{name}");
            assert!(text.lines().any(|line| line.ends_with(&format!(" {}", setting.variable()))), "{name}");
            assert!(text.contains(setting.about) && text.contains(setting.unit), "{name}");
        }
    }

    #[test]
    fn every_field_of_the_configuration_is_a_setting_and_nothing_else_is() {
        let mut fields = BTreeSet::new();
        for by in [
            SmsBy::Console,
            SmsBy::File { path: "sms".into() },
            SmsBy::Gateway { url: "https://sms.example".into(), token: "token".into() },
        ] {
            let config = whole(by);
            assert_eq!(toml::from_str::<Config>(&template(&config)).expect("it is TOML"), config);
            leaves("", &values(&config), &mut fields);
        }
        let settings: BTreeSet<String> = SETTINGS.iter().map(|setting| setting.name.to_owned()).collect();
        assert_eq!(fields, settings);
    }

    /// With everything set. No `..`: a new field must be named here.
    fn whole(by: SmsBy) -> Config {
        Config {
            operator: "Example".into(),
            region: "Example".into(),
            data: "data".into(),
            listen: ([127, 0, 0, 1], 1).into(),
            observe: Some(([127, 0, 0, 1], 2).into()),
            tls: Some(Tls { certificate_chain: "chain".into(), private_key: "key".into() }),
            trusted_proxies: vec![[127, 0, 0, 1].into()],
            registration: Ways { phone: false, invitation: false, open: true },
            sms: Sms { by, countries: Some(vec!["DE".into()]), codes_a_day: 3 },
            oldest_version: 1,
            limits: Limits {
                anonymous_a_minute: 1,
                signed_a_minute: 2,
                codes_an_hour: 3,
                connections: 4,
                idle_seconds: 5,
                mailbox_messages: 6,
                mailbox_bytes: 7,
                uploads: 8,
            },
            disk: Disk { uploads_bytes: 9, deliveries_bytes: 10 },
        }
    }

    fn leaves(prefix: &str, value: &Value, into: &mut BTreeSet<String>) {
        let Value::Table(table) = value else {
            into.insert(prefix.to_owned());
            return;
        };
        for (name, value) in table {
            leaves(&if prefix.is_empty() { name.clone() } else { format!("{prefix}.{name}") }, value, into);
        }
    }
}
