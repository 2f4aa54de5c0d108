use std::io::Write as _;

use super::*;

fn environment(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
    pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
}

fn file(text: &str) -> tempfile::NamedTempFile {
    let mut file = tempfile::NamedTempFile::new().unwrap();
    file.write_all(text.as_bytes()).unwrap();
    file
}

fn complaint(layers: Layers) -> String {
    Config::read(layers).unwrap_err().to_string()
}

#[test]
fn the_defaults_are_a_configuration() {
    let config = Config::defaults().unwrap();
    assert_eq!(config.limits.body_bytes, 8 << 20);
    assert_eq!(config.limits.inflated_bytes, 64 << 20);
    assert_eq!(config.auth.token, Duration::from_secs(900));
    assert!(config.http.secure_cookies && config.http.listen.ip().is_loopback());
}

#[test]
fn later_layers_win() {
    let file = file(
        "[http]\nlisten = \"0.0.0.0:1\"\ntrusted_origins = [\"https://a.example\", \"https://b.example:8443\"]\n[auth]\ntoken_minutes = 2\n",
    );
    let layers = Layers::default()
        .file(file.path())
        .environment(environment(&[
            ("DAYBOOK_HTTP_LISTEN", "0.0.0.0:2"),
            ("DAYBOOK_LOG_FORMAT", "json"),
            ("HOME", "/"),
        ]))
        .flag("--listen", "http.listen", Some("0.0.0.0:3".to_owned()))
        .flag("--data", "database.folder", None);
    assert_eq!(layers.look_up(LISTEN).1, Source::Flag("--listen"));
    let config = Config::read(layers).unwrap();
    assert_eq!(config.http.listen.port(), 3);
    assert_eq!(config.http.trusted_origins, ["https://a.example", "https://b.example:8443"]);
    assert_eq!(config.auth.token, Duration::from_secs(120));
    assert_eq!(config.log.format, LogFormat::Json);
    assert_eq!(config.database.folder.to_str(), Some("daybook-data"));
}

#[test]
fn every_mistake_names_the_key_its_origin_and_the_fix() {
    let file = file("[http]\nlisten = \"everywhere\"\nlisen = \"x\"\n[htpp]\nlisten = 1\n[auth]\ntoken_minutes = 90\n");
    let layers = Layers::default()
        .file(file.path())
        .environment(environment(&[("DAYBOOK_LIMITS_BODY_BYTES", "lots"), ("DAYBOOK_LOG_FROMAT", "json")]));
    let said = complaint(layers);
    let path = file.path().display();
    for line in [
        format!(
            "http.listen = \"everywhere\", from the file {path}: expected an address with a port such as 0.0.0.0:8080"
        ),
        format!(
            "http.lisen, from the file {path}: there is no such setting; there are http.listen, http.metrics_listen"
        ),
        format!("htpp.listen, from the file {path}: there is no such setting"),
        format!("auth.token_minutes = \"90\", from the file {path}: expected minutes from 1 to 60"),
        "limits.body_bytes = \"lots\", from the variable DAYBOOK_LIMITS_BODY_BYTES: expected bytes from".to_owned(),
        "DAYBOOK_LOG_FROMAT, from the variable DAYBOOK_LOG_FROMAT: there is no such setting; there are log.format"
            .to_owned(),
    ] {
        assert!(said.contains(&line), "{line}\nis missing in\n{said}");
    }
}

#[test]
fn files_that_are_missing_or_no_toml_say_so() {
    assert!(
        complaint(Layers::default().file("no/such/daybook.toml".as_ref())).contains("no/such/daybook.toml: No such")
    );
    let file = file("[http\n");
    assert!(complaint(Layers::default().file(file.path())).contains("the configuration file"));
}

#[test]
fn cookies_in_the_clear_are_for_this_machine_only() {
    let open = |listen: &str| {
        Layers::default()
            .flag("--listen", "http.listen", Some(listen.to_owned()))
            .environment(environment(&[("DAYBOOK_HTTP_SECURE_COOKIES", "false")]))
    };
    assert!(Config::read(open("127.0.0.1:80")).is_ok());
    assert!(complaint(open("0.0.0.0:80")).contains("http.secure_cookies = \"false\""));
}

#[test]
fn origins_are_origins() {
    for bad in ["https://a.example/", "a.example", "ftp://a.example", "https://a.example/x", "null"] {
        let layers = Layers::default().environment(environment(&[("DAYBOOK_HTTP_TRUSTED_ORIGINS", bad)]));
        assert!(complaint(layers).contains("http.trusted_origins"), "{bad}");
    }
}

#[test]
fn docs_configuration_md_lists_every_setting_and_no_other() {
    let page = include_str!("../../../docs/CONFIGURATION.md");
    // Lines of the table of settings begin with a key between back-quotes; keys have a dot and no space.
    let rows = page.lines().filter_map(|line| line.strip_prefix("| `")?.split_once("` | `"));
    let settings = rows.filter(|(key, _)| key.contains('.') && !key.contains(' '));
    let listed: Vec<_> = settings.filter_map(|(key, rest)| Some((key, rest.split_once('`')?.0))).collect();
    let ours: Vec<_> = SETTINGS.iter().map(|setting| (setting.key, setting.default)).collect();
    assert_eq!(listed, ours);
}

#[test]
fn every_cap_of_a_change_or_a_record_is_a_setting() {
    let settings = [
        ("DAYBOOK_LIMITS_CHANGE_BYTES", "65537"),
        ("DAYBOOK_LIMITS_CHANGE_OPS", "2001"),
        ("DAYBOOK_LIMITS_TEXT_BYTES", "16385"),
        ("DAYBOOK_LIMITS_DEPTH", "5"),
        ("DAYBOOK_LIMITS_RECORD_OPS", "2002"),
        ("DAYBOOK_LIMITS_RECORD_CHANGES", "101"),
        ("DAYBOOK_LIMITS_RECORD_BYTES", "65538"),
    ];
    let config = Config::read(Layers::default().environment(environment(&settings))).unwrap();
    let expected = sync_core::trust::Limits {
        change_bytes: 65_537,
        change_ops: 2_001,
        scalar_bytes: 16_385,
        depth: 5,
        record_ops: 2_002,
        record_changes: 101,
        record_bytes: 65_538,
    };
    assert_eq!(config.limits.records, expected);
    for (name, _) in settings {
        let key = name.strip_prefix("DAYBOOK_LIMITS_").unwrap().to_lowercase();
        let said = complaint(Layers::default().environment(environment(&[(name, "1")])));
        assert!(said.contains(&format!("limits.{key} = \"1\"")), "{said}");
    }
}
