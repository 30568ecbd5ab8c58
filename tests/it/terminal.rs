//! What every command writes on a terminal, whatever others have called themselves and whatever it is asked: no character of it acts.
//! Finding 10. What the commands do is told elsewhere.

use std::collections::BTreeSet;
use std::process::Output;

use bugtome::model::visible::is_hidden;

use crate::installation::{Installation, both};
use crate::server::on_postgres_at;

/// Writes the clipboard, forges a row, turns text round, and clears the screen in eight bits.
const HOSTILE: &str = "eve\u{1b}]52;c;ZXZpbA==\u{7}\nforged row\t\u{202e}\u{9b}2J\u{2028}\r";

#[track_caller]
fn harmless(what: &str, output: &Output) {
    for text in [&output.stdout, &output.stderr] {
        let text = String::from_utf8(text.clone()).unwrap();
        let acting: Vec<char> = text.chars().filter(|c| is_hidden(*c) && *c != '\n').collect();
        assert!(acting.is_empty(), "{what}: {acting:?} in {text}");
        assert!(!text.lines().any(|line| line.starts_with("forged")), "{what}: {text}");
    }
}

/// What an older release took: names with anything in them.
fn poison(place: &Installation) {
    let statements = ["persons", "organizations", "projects", "tokens"].map(|table| format!("UPDATE {table} SET name = "));
    for start in statements {
        if place.url.starts_with("sqlite") {
            let file = rusqlite::Connection::open(place.database_file()).unwrap();
            file.execute(&format!("{start}?1"), [HOSTILE]).unwrap();
        } else {
            on_postgres_at(&place.url, &format!("{start}'{HOSTILE}'"));
        }
    }
}

/// Every command with words in it that a command may repeat. What would change the database comes last.
fn commands(file: &str) -> Vec<Vec<String>> {
    let all = "doctor|config|serve --listen @|serve --base-url @|serve --database @|serve --tls-cert @ --tls-key @|@|admin @|--@|import @|\
        import jira-csv @ --project acme/WEB|import jira-csv FILE --project @|import jira-csv FILE --project acme/@|\
        import jira-csv FILE --project acme/WEB --dry-run|import bugzilla-csv FILE --project acme/WEB|import github-json FILE --project acme/WEB|\
        admin user list|admin user create --email @ --name Eve|admin user create --email eve@example.com --name @|admin user disable --email @|\
        admin user enable --email @|admin user set-password --email @|admin user reset-link --email @|admin user reset-link --email ada@example.com|\
        admin organization list|admin organization create --name @ --slug new --owner ada@example.com|\
        admin organization create --name New --slug @ --owner ada@example.com|admin organization create --name New --slug new --owner @|\
        admin organization set-policy --slug @ --max-token-life 90d|admin organization set-policy --slug acme --max-token-life @|\
        admin member list --organization acme|admin member list --organization @|admin member add --organization @ --user ada@example.com|\
        admin member add --organization acme --user @|admin member add --organization acme --user ada@example.com --role @|\
        admin member set-role --organization acme --user @ --role member|admin member remove --organization acme --user @|\
        admin member remove --organization @ --user ada@example.com|admin project list|admin project create --organization @ --name N --code NEW|\
        admin project create --organization acme --name @ --code NEW|admin project create --organization acme --name N --code @|\
        admin project archive acme/@|admin project archive @/WEB|admin project unarchive @/WEB|admin project delete @/WEB|admin project archive acme/WEB|\
        admin project unarchive acme/WEB|admin token list|admin token create --user @ --name t|admin token create --user ada@example.com --name @|\
        admin token create --user ada@example.com --name t --scopes @|admin token create --user ada@example.com --name t --expires-in @|\
        admin token create --project @/WEB --name t|admin token revoke @|admin reindex|admin clock reset|admin clock @|admin backup @|admin backup /no/such/folder/@|admin restore @|\
        admin copy --to @|admin copy --from @|admin copy --to sqlite://@.db|\
        admin member remove --organization acme --user bob@example.com|admin project delete acme/WEB";
    all.split('|')
        .map(|line| line.split_whitespace().map(|word| word.replace('@', &mark(word))).map(|word| word.replace("FILE", file)).collect())
        .collect()
}

/// `@` by itself or in a path is the hostile word; in an address it stays.
fn mark(word: &str) -> String {
    if word.contains("@example.com") { "@".to_owned() } else { HOSTILE.to_owned() }
}

both! {
    fn finding_10_no_command_lets_anybodys_words_act_on_the_terminal(place) {
        place.run(&["admin", "user", "create", "--email", "bob@example.com", "--name", "Bob"]).ok();
        place.run(&["admin", "member", "add", "--organization", "acme", "--user", "bob@example.com", "--role", "admin"]).ok();
        place.run(&["admin", "token", "create", "--user", "ada@example.com", "--name", "t"]).ok();
        place.run(&["admin", "token", "create", "--project", "acme/WEB", "--name", "t"]).ok();
        poison(place);
        let file = place.write("strange.csv", &format!("Issue key,Summary,\"Column {HOSTILE}\",Status,Created\n\"A-1{HOSTILE}\",\"{HOSTILE}\",x,\"{HOSTILE}\",\"{HOSTILE}\"\n"));
        for json in [false, true] {
            for mut words in commands(&file) {
                if json && words[0] != "serve" {
                    words.push("--json".to_owned());
                }
                // A server that could start would go on.
                let words: Vec<&str> = words.iter().map(String::as_str).collect();
                harmless(&words.join(" "), &place.command(&words).output().unwrap());
            }
        }
    }
}

#[test]
fn finding_10_a_list_has_a_line_for_each_thing_whatever_it_is_called() {
    let place = Installation::sqlite();
    place.run(&["admin", "token", "create", "--user", "ada@example.com", "--name", "t"]).ok();
    poison(&place);
    for noun in ["organization", "project", "token"] {
        let out = place.run(&["admin", noun, "list"]).ok().out;
        assert_eq!(out.lines().count(), 2, "{out}");
        assert!(out.contains("eve\\u{1b}]52;c;ZXZpbA==\\u{7}\\nforged row\\t\\u{202e}\\u{9b}2J\\u{2028}\\r"), "{out}");
    }
    let told = place.run(&["admin", "project", "list", "--json"]).ok().json();
    assert_eq!(told[0]["name"], HOSTILE, "JSON says the same");
}

/// The commands that the help names, down to those that have none below them.
fn leaves(place: &Installation, above: &[&str]) -> BTreeSet<String> {
    let help = place.run(&[above, &["--help"]].concat()).out;
    let Some((_, listed)) = help.split_once("Commands:\n") else { return BTreeSet::from([above.join(" ")]) };
    let names = listed.lines().take_while(|line| !line.is_empty()).filter_map(|line| line.strip_prefix("  ")?.split(' ').next());
    names.filter(|name| !name.is_empty() && *name != "help").flat_map(|name| leaves(place, &[above, &[name]].concat())).collect()
}

#[test]
fn finding_10_every_command_is_tried() {
    let place = Installation::sqlite();
    let tried: Vec<String> = commands("FILE").iter().map(|words| words.join(" ")).collect();
    let there = leaves(&place, &[]);
    assert!(there.len() > 20, "{there:?}");
    let left: Vec<&String> = there.iter().filter(|leaf| !tried.iter().any(|words| words.starts_with(leaf.as_str()))).collect();
    assert!(left.is_empty(), "not tried: {left:?}");
}

#[test]
fn finding_10_no_name_is_taken_that_acts() {
    let place = Installation::sqlite();
    let refused = |words: &[&str]| {
        let ran = place.run(words).failed();
        assert!(ran.err.contains("is invalid"), "{}", ran.err);
    };
    for name in ["a\u{1b}b", "a\u{202e}b", "a\u{7f}", "a\u{2066}"] {
        refused(&["admin", "user", "create", "--email", "eve@example.com", "--name", name]);
        refused(&["admin", "organization", "create", "--name", name, "--slug", "new", "--owner", "ada@example.com"]);
        refused(&["admin", "project", "create", "--organization", "acme", "--name", name, "--code", "NEW"]);
        refused(&["admin", "token", "create", "--user", "ada@example.com", "--name", name]);
    }
    place.run(&["admin", "project", "create", "--organization", "acme", "--name", "Two\nlines\tand more ", "--code", "NEW"]).ok();
    assert!(place.run(&["admin", "project", "list"]).out.contains("Two lines and more"));
    // What another tracker called somebody is made fit.
    let file = place.write(
        "people.csv",
        "Issue key,Summary,Description,Reporter,Status,Created\nA-1,\"It \u{202e}breaks\",It breaks when it is used,\"E\u{1b}v\u{202e}e\",Open,2024-01-15 10:30\n",
    );
    place.run(&["import", "jira-csv", &file, "--project", "acme/WEB"]).ok();
    assert_eq!(place.tickets(None).0[0].title, "It breaks");
    let file = rusqlite::Connection::open(place.database_file()).unwrap();
    let name: String = file.query_row("SELECT name FROM persons WHERE kind = 2", [], |row| row.get(0)).unwrap();
    assert_eq!(name, "Eve");
}
