//! Layers and errors.

use std::io::Write;

use super::*;
use crate::config::{Limits, SmsBy};

#[test]
fn a_file_says_only_what_differs() {
    let config = load("operator = \"Example\"\n[sms]\ncountries = [\"DE\"]\n[sms.by.file]\npath = \"/var/sms\"\n", &[])
        .expect("well-formed")
        .config;
    assert_eq!(config.operator, "Example");
    assert_eq!(config.sms.by, SmsBy::File { path: "/var/sms".into() });
    assert_eq!(config.limits, Limits::default());
}

#[test]
fn an_unknown_name_is_refused_with_its_line_and_the_nearest_name() {
    let error = load("# a comment\noperater = \"Example\"\n", &[]).expect_err("refused");
    assert!(error.place.ends_with("relay.toml:2"), "{error}");
    assert_eq!((error.what.as_str(), error.remedy.as_str()), ("operater is no setting", "did you mean operator?"));
    let error = load("[limits]\n\nconections = 1\n", &[]).expect_err("refused");
    assert!(error.place.ends_with(":3") && error.remedy.contains("limits.connections"), "{error}");
    let error = load("[limit]\nconnections = 1\n", &[]).expect_err("refused");
    assert!(error.place.ends_with(":1") && error.what.contains("limit is no setting"), "{error}");
}

#[test]
fn a_wrong_type_is_refused_with_its_line_and_what_it_should_be() {
    let error = load("operator = \"Example\"\n[limits]\nconnections = \"many\"\n", &[]).expect_err("refused");
    assert!(error.place.ends_with("relay.toml:3"), "{error}");
    assert!(error.remedy.contains("limits.connections is a whole number"), "{error}");
    let error = load("listen = \"everywhere\"\n", &[]).expect_err("refused");
    assert!(error.place.ends_with(":1") && error.remedy.contains("127.0.0.1:8443"), "{error}");
    let error = load("[limits\n", &[]).expect_err("refused");
    assert!(error.place.ends_with(":1") && error.remedy.contains("TOML"), "{error}");
}

#[test]
fn flags_win_over_the_environment_and_the_environment_over_the_file() {
    let text = "operator = \"File\"\nregion = \"File\"\n[limits]\nconnections = 10\nuploads = 2\n";
    let environment = [
        ("SEALPOST_SERVER_OPERATOR", "Variable"),
        ("SEALPOST_SERVER_REGION", "Variable"),
        ("SEALPOST_SERVER_LIMITS__CONNECTIONS", "20_000"),
        ("SEALPOST_SERVER_TRUSTED_PROXIES", "127.0.0.1, ::1"),
        ("SEALPOST_SERVER_OBSERVE", ""),
        ("SEALPOST_STOP_AT", "no setting of the relay's"),
    ];
    let mut layers = layers(text, &environment);
    layers.1.flags.push(("region", Value::String("Flag".into()), "--region"));
    let loaded = layers.1.load().expect("well-formed");
    assert_eq!((loaded.config.operator.as_str(), loaded.config.region.as_str()), ("Variable", "Flag"));
    assert_eq!((loaded.config.limits.connections, loaded.config.limits.uploads), (20_000, 2));
    assert_eq!(loaded.config.trusted_proxies.len(), 2);
    assert_eq!(loaded.config.observe, None);
    assert_eq!(loaded.source("region"), Source::Flag("--region"));
    assert_eq!(loaded.source("operator"), Source::Variable("SEALPOST_SERVER_OPERATOR".into()));
    assert!(matches!(loaded.source("limits.uploads"), Source::File(_, 5)));
    assert_eq!(loaded.source("data"), Source::Default);
}

#[test]
fn every_setting_has_a_variable_and_others_are_refused() {
    for setting in SETTINGS {
        let text = setting.example.trim_matches(['"', '[', ']']).replace('"', "");
        let defaults = values(&Config::default());
        let text = if text.is_empty() { shown(find(&defaults, setting.name)) } else { text };
        assert!(setting.read(&text).is_some(), "{} = {text}", setting.name);
    }
    let error = load("", &[("SEALPOST_SERVER_LIMITS_CONNECTIONS", "1")]).expect_err("refused");
    assert!(error.remedy.contains("SEALPOST_SERVER_LIMITS__CONNECTIONS"), "{error}");
    let error = load("", &[("SEALPOST_SERVER_LISTEN", "8443")]).expect_err("refused");
    assert_eq!(error.place, "SEALPOST_SERVER_LISTEN");
    assert!(error.remedy.contains("address with its port"), "{error}");
}

#[test]
fn the_environment_names_another_way_of_codes_and_a_pair_is_taken_together() {
    let text = "[sms.by.file]\npath = \"/var/sms\"\n";
    let url = ("SEALPOST_SERVER_SMS__BY__GATEWAY__URL", "https://sms.example");
    let token = ("SEALPOST_SERVER_SMS__BY__GATEWAY__TOKEN", "word");
    let config = load(text, &[url, token]).expect("a whole pair").config;
    assert_eq!(config.sms.by, SmsBy::Gateway { url: url.1.into(), token: "word".into() });
    let error = load(text, &[url]).expect_err("half a pair");
    assert!(error.what.contains("token") && error.remedy.contains("both"), "{error}");
    let error = load("[tls]\nprivate_key = \"/key\"\n", &[]).expect_err("half a pair");
    assert!(error.what.contains("certificate_chain"), "{error}");
}

#[test]
fn what_can_not_work_is_refused_with_its_source_and_a_remedy() {
    let place = |text: &str| load(text, &[]).expect("it can be read").check().expect_err("refused");
    let error = place("\nlisten = \"0.0.0.0:443\"\n");
    assert!(error.place.contains("relay.toml:2") && error.remedy.contains("trusted_proxies"), "{error}");
    let error = place("[tls]\ncertificate_chain = \"/nowhere/chain\"\nprivate_key = \"/nowhere/key\"\n");
    assert!(error.place.starts_with("tls.certificate_chain") && error.place.contains(":2"), "{error}");
    for (text, setting) in [
        ("[limits]\nuploads = 0\n", "limits.uploads"),
        ("[limits]\nidle_seconds = 0\n", "limits.idle_seconds"),
        ("[disk]\nuploads_bytes = 1\n", "disk.deliveries_bytes"),
        ("oldest_version = 4000000\n", "oldest_version"),
        ("observe = \"127.0.0.1:8443\"\n", "observe"),
        ("[sms]\ncountries = [\"Germany\"]\n", "sms.countries"),
        ("[sms.by.gateway]\nurl = \"http://sms.example\"\ntoken = \"t\"\n", "sms.by.gateway.url"),
    ] {
        assert!(place(text).place.starts_with(setting), "{text}");
    }
    load("listen = \"0.0.0.0:80\"\ntrusted_proxies = [\"10.0.0.1\"]\n", &[]).expect("read").check().expect("allowed");
}

#[test]
fn a_listing_says_what_is_in_force_and_masks_secrets() {
    let text = "[sms.by.gateway]\nurl = \"https://sms.example\"\ntoken = \"never shown\"\n";
    let lines = load(text, &[("SEALPOST_SERVER_LIMITS__UPLOADS", "3")]).expect("well-formed").listing();
    assert!(lines.iter().any(|line| line.contains("limits.uploads = 3  # SEALPOST_SERVER_LIMITS__UPLOADS")));
    assert!(lines.iter().any(|line| line.starts_with("sms.by.gateway.token = \"(secret)\"")), "{lines:?}");
    assert!(!lines.concat().contains("never shown"));
    assert!(lines.iter().any(|line| line.ends_with("# default")));
}

fn load(text: &str, environment: &[(&str, &str)]) -> Result<Loaded, ConfigError> {
    let (_folder, layers) = layers(text, environment);
    layers.load()
}

fn layers(text: &str, environment: &[(&str, &str)]) -> (tempfile::TempDir, Layers) {
    let folder = tempfile::tempdir().expect("temporary");
    let path = folder.path().join("relay.toml");
    fs::File::create(&path).and_then(|mut file| file.write_all(text.as_bytes())).expect("written");
    let environment = environment.iter().map(|(name, value)| (name.into(), value.into())).collect();
    (folder, Layers { file: Some(path), environment, flags: Vec::new() })
}

fn shown(value: Option<&Value>) -> String {
    match value {
        Some(Value::String(text)) => text.clone(),
        Some(Value::Array(_)) => "127.0.0.1".to_owned(),
        Some(value) => value.to_string(),
        None => "text".to_owned(),
    }
}
