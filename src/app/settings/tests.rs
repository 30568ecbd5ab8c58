//! Settings by their order: flags before environment before file, and what is said of a wrong one.
//! Single values are told beside `values`.

use super::*;

fn environment(pairs: &[(&str, &str)]) -> Vec<(OsString, OsString)> {
    pairs.iter().map(|(name, value)| (name.into(), value.into())).collect()
}

fn folder(file: &str) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("bugtome.toml"), file).unwrap();
    folder
}

fn line(loaded: &Loaded, name: &str) -> String {
    loaded.in_force.iter().find(|line| line.name == name).unwrap().to_string()
}

#[test]
fn defaults_hold_where_nobody_says_otherwise() {
    let empty = tempfile::tempdir().unwrap();
    let loaded = Settings::load_from(&Flags::default(), [], empty.path()).unwrap();
    assert_eq!(loaded.settings.listen, "127.0.0.1:8080".parse().unwrap());
    assert_eq!(loaded.settings.database_url.to_string(), "sqlite://bugtome.db");
    assert_eq!((loaded.settings.rate_limit_authenticated, loaded.settings.rate_limit_anonymous), (1000, 100));
    assert!(loaded.settings.tls.is_none() && loaded.settings.metrics_listen.is_none() && loaded.settings.trusted_proxies.is_empty());
    assert_eq!(line(&loaded, "base_url"), r#"base_url = "http://127.0.0.1:8080" # default"#);
    assert_eq!(line(&loaded, "tls_cert"), "# tls_cert is not set");
    assert!(loaded.warnings.is_empty());
}

#[test]
fn flags_go_before_environment_before_file() {
    let folder =
        folder("listen = '127.0.0.1:1'\nrate_limit_anonymous = 1\nrate_limit_authenticated = 1\ntrusted_proxies = ['10.0.0.0/8', '::1']");
    let variables =
        environment(&[("BUGTOME_LISTEN", "127.0.0.1:2"), ("BUGTOME_RATE_LIMIT_ANONYMOUS", "2"), ("BUGTOME_METRICS_LISTEN", "")]);
    let flags = Flags { listen: Some("127.0.0.1:3".to_owned()), ..Flags::default() };
    let loaded = Settings::load_from(&flags, variables, folder.path()).unwrap();
    assert_eq!(line(&loaded, "listen"), r#"listen = "127.0.0.1:3" # flag"#);
    assert_eq!(line(&loaded, "rate_limit_anonymous"), r#"rate_limit_anonymous = "2" # environment BUGTOME_RATE_LIMIT_ANONYMOUS"#);
    assert_eq!(line(&loaded, "rate_limit_authenticated"), r#"rate_limit_authenticated = "1" # bugtome.toml"#);
    assert!(loaded.settings.trusted_proxies.contain("10.9.9.9".parse().unwrap()));
    assert_eq!(loaded.settings.metrics_listen, None, "an empty variable is an unset one");
}

#[test]
fn the_file_is_the_flags_then_the_environments_then_the_usual_one() {
    let folder = folder("rate_limit_anonymous = 1");
    for (name, limit) in [("a.toml", 2), ("b.toml", 3)] {
        std::fs::write(folder.path().join(name), format!("rate_limit_anonymous = {limit}")).unwrap();
    }
    let limit = |flag: Option<&str>, variables: &[(&str, &str)]| {
        let flags = Flags::from(DatabaseFlags { config: flag.map(PathBuf::from), database: None });
        Settings::load_from(&flags, environment(variables), folder.path()).map(|loaded| loaded.settings.rate_limit_anonymous)
    };
    assert_eq!(limit(None, &[]), Ok(1));
    assert_eq!(limit(None, &[("BUGTOME_CONFIG", "a.toml")]), Ok(2));
    assert_eq!(limit(Some("b.toml"), &[("BUGTOME_CONFIG", "a.toml")]), Ok(3));
    let error = limit(None, &[("BUGTOME_CONFIG", "gone.toml")]).unwrap_err().to_string();
    assert!(error.starts_with("config (from environment BUGTOME_CONFIG): gone.toml cannot be read: "), "{error}");
}

#[test]
fn each_fault_says_what_where_from_and_what_is_expected() {
    let folder = folder("lisen = 'x'\nrate_limit_anonymous = true\nmetrics_listen = 'nowhere'");
    let variables = environment(&[("BUGTOME_RATE_LIMIT_AUTHENTICATED", "-1"), ("BUGTOME_DATABASE_URL", "mysql://me:hush@db/x")]);
    let flags = Flags { base_url: Some("bugs.example.org".to_owned()), tls_key: Some("key.pem".to_owned()), ..Flags::default() };
    let error = Settings::load_from(&flags, variables, folder.path()).unwrap_err();
    let mut lines: Vec<_> = error.to_string().lines().map(str::to_owned).collect();
    lines.sort();
    let expected = [
        r#"base_url (from flag): "bugs.example.org" is not http:// or https:// with a host and no path"#,
        r#"database_url (from environment BUGTOME_DATABASE_URL): "mysql://me:***@db/x" is not sqlite://FILE or postgres://USER@HOST/NAME"#,
        "lisen (from bugtome.toml): there is no such setting; did you mean listen?",
        r#"metrics_listen (from bugtome.toml): "nowhere" is not an address and a port such as 127.0.0.1:8080"#,
        r#"rate_limit_anonymous (from bugtome.toml): "boolean" is not a number of requests an hour, 0 for no limit"#,
        r#"rate_limit_authenticated (from environment BUGTOME_RATE_LIMIT_AUTHENTICATED): "-1" is not a number of requests an hour, 0 for no limit"#,
        "tls_cert is not set, but tls_key is (from flag): TLS wants both",
    ];
    assert_eq!(lines, expected);
}

#[test]
fn a_broken_file_shows_no_line_of_it() {
    let folder = folder("listen = '127.0.0.1:1'\ndatabase_url = 'postgres://me:hush@db/x' oops\n");
    let error = Settings::load_from(&Flags::default(), [], folder.path()).unwrap_err().to_string();
    assert_eq!(error, "config (from default): bugtome.toml is no TOML file; see line 2");
}

#[test]
fn unknown_variables_are_warned_about() {
    let variables = environment(&[
        ("BUGTOME_LISTN", "x"),
        ("BUGTOME_TOKEN", "x"),
        ("BUGTOME_URL", "x"),
        ("BUGTOME_LOG", "x"),
        ("BUGTOME_TEST_POSTGRES_URL", "x"),
        ("BUGTOME_BENCH_N", "x"),
        ("HOME", "x"),
    ]);
    let empty = tempfile::tempdir().unwrap();
    let loaded = Settings::load_from(&Flags::default(), variables, empty.path()).unwrap();
    assert_eq!(loaded.warnings, ["BUGTOME_LISTN (from environment): there is no such setting; did you mean BUGTOME_LISTEN?"]);
}

#[test]
fn passwords_are_shown_nowhere() {
    let flags = Flags::from(DatabaseFlags { database: Some("postgres://me:hush@db/x".to_owned()), config: None });
    let empty = tempfile::tempdir().unwrap();
    let loaded = Settings::load_from(&flags, [], empty.path()).unwrap();
    assert_eq!(line(&loaded, "database_url"), r#"database_url = "postgres://me:***@db/x" # flag"#);
    assert!(!format!("{loaded:?}").contains("hush"));
    let shown = |url: &str| {
        let loaded = Settings::load_from(&Flags::default(), environment(&[("BUGTOME_REDIS_URL", url)]), empty.path());
        loaded.map_or_else(|error| error.to_string(), |loaded| format!("{} {loaded:?}", line(&loaded, "redis_url")))
    };
    let told = shown("rediss://me:hush@cache/1");
    assert!(
        told.starts_with(r#"redis_url = "rediss://me:***@cache/1" # environment BUGTOME_REDIS_URL"#) && !told.contains("hush"),
        "{told}"
    );
    let told = shown("http://me:hush@cache");
    assert!(told.starts_with(r#"redis_url (from environment BUGTOME_REDIS_URL): "http://me:***@cache" is not redis://HOST"#), "{told}");
}

#[test]
fn listening_in_the_clear_is_warned_about() {
    let empty = tempfile::tempdir().unwrap();
    let warned = |flags: Flags, address: &str| {
        let loaded = Settings::load_from(&flags, [], empty.path()).unwrap();
        loaded.settings.exposure_warning(address.parse().unwrap()).is_some()
    };
    assert!(warned(Flags::default(), "0.0.0.0:8080"));
    assert!(!warned(Flags::default(), "127.0.0.1:8080"));
    assert!(!warned(Flags::default(), "[::1]:8080"));
    let proxied = Flags { base_url: Some("https://bugs.example.org".to_owned()), ..Flags::default() };
    assert!(!warned(proxied, "0.0.0.0:8080"));
    let tls = Flags { tls_cert: Some("a".to_owned()), tls_key: Some("b".to_owned()), ..Flags::default() };
    assert!(!warned(tls, "0.0.0.0:8080"));
}
