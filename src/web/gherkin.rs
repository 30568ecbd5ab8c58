//! A ticket as Gherkin, to be copied into a feature file.
//! Only the language's grammar is kept here; how the three words are coloured is the page's.

use std::fmt;

/// A feature of one scenario.
pub(super) struct Gherkin {
    /// The lines before the first step.
    pub(super) head: String,
    /// Given, When and Then, in this order.
    pub(super) steps: [Step; 3],
}

/// A step, as a page shows it: the word apart, for its colour.
pub(super) struct Step {
    /// `Given`, `When` or `Then`.
    pub(super) word: &'static str,
    /// What follows the word and a blank: one line, or one line and a doc string.
    pub(super) text: String,
}

const INDENT: &str = "    ";

impl Gherkin {
    /// Writes a ticket down.
    pub(super) fn of(code: &str, title: &str, given: &str, when: &str, then: &str) -> Self {
        let title = title.split_whitespace().collect::<Vec<_>>().join(" ");
        let step = |word, clause| Step { word, text: text(word, clause) };
        Self {
            head: format!("Feature: {code} {title}\n\n  Scenario: {title}"),
            steps: [step("Given", given), step("When", when), step("Then", then)],
        }
    }
}

impl fmt::Display for Gherkin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}", self.head)?;
        self.steps.iter().try_for_each(|step| writeln!(f, "{INDENT}{} {}", step.word, step.text))
    }
}

/// A clause as a step: its first line, and the others in a doc string, since Gherkin knows no step of two lines.
fn text(word: &str, clause: &str) -> String {
    let clause = clause.replace("\r\n", "\n");
    let mut lines = clause
        .split(['\n', '\r', '\u{b}', '\u{c}', '\u{85}', '\u{2028}', '\u{2029}'])
        .map(str::trim_end)
        .skip_while(|line| line.is_empty());
    let first = lines.next().unwrap_or_default().trim();
    // Who writes the word into the field as well does not mean it twice.
    let first = without_word(first, word);
    let mut rest: Vec<&str> = lines.collect();
    while rest.last().is_some_and(|line| line.is_empty()) {
        rest.pop();
    }
    if rest.is_empty() {
        return first.to_owned();
    }
    let mut text = format!("{first}\n{INDENT}  \"\"\"");
    for line in rest {
        text.push('\n');
        if !line.is_empty() {
            text.extend([INDENT, "  "]);
            text.push_str(&line.replace("\"\"\"", "\\\"\\\"\\\""));
        }
    }
    text.extend(["\n", INDENT, "  \"\"\""]);
    text
}

/// The line without the step's own word in front.
fn without_word<'a>(line: &'a str, word: &str) -> &'a str {
    let Some((start, rest)) = line.split_once(char::is_whitespace) else { return line };
    let rest = rest.trim_start();
    if start.eq_ignore_ascii_case(word) && !rest.is_empty() { rest } else { line }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_ticket_is_a_feature_of_one_scenario() {
        let gherkin = Gherkin::of("WEB-42", "The cart forgets", "Given a customer with two items", "they reload", "then both are there");
        assert_eq!(
            gherkin.to_string(),
            "Feature: WEB-42 The cart forgets\n\n  Scenario: The cart forgets\n    Given a customer with two items\n    When they reload\n    Then both are there\n"
        );
    }

    #[test]
    fn further_lines_become_a_doc_string_which_no_text_can_end() {
        let gherkin = Gherkin::of("WEB-42", "t", "a cart:\r\n\r\n| item |\n\"\"\"\nScenario: another\n\n", "x", "y");
        assert_eq!(
            gherkin.steps[0].text,
            "a cart:\n      \"\"\"\n\n      | item |\n      \\\"\\\"\\\"\n      Scenario: another\n      \"\"\""
        );
    }

    /// What a reader of Gherkin makes of it: the steps, each with its doc string; none if the text is no Gherkin.
    fn read(text: &str) -> Option<Vec<(String, Option<String>)>> {
        let mut lines = text.split('\n');
        lines.next()?.strip_prefix("Feature: ")?;
        lines.next().filter(|line| line.is_empty())?;
        lines.next()?.strip_prefix("  Scenario: ")?;
        let mut steps: Vec<(String, Option<String>)> = Vec::new();
        while let Some(line) = lines.next() {
            let line = line.trim();
            if line == "\"\"\"" {
                let inside: Vec<&str> = lines.by_ref().take_while(|line| line.trim() != "\"\"\"").collect();
                let doc = inside.iter().map(|line| line.strip_prefix("      ").unwrap_or(line)).collect::<Vec<_>>().join("\n");
                steps.last_mut()?.1 = Some(doc.replace("\\\"\\\"\\\"", "\"\"\""));
            } else if !line.is_empty() {
                let (word, text) = line.split_once(' ').unwrap_or((line, ""));
                ["Given", "When", "Then"].contains(&word).then_some(())?;
                steps.push((text.trim().to_owned(), None));
            }
        }
        Some(steps)
    }

    proptest! {
        #[test]
        fn whatever_is_in_the_clauses_there_are_three_steps(title in ".{1,40}", clauses in prop::array::uniform3("(\\PC|\n|\"|Scenario:|#|@|\\||\\\\){10,80}")) {
            let [given, when, then] = &clauses;
            let text = Gherkin::of("WEB-1", &title, given, when, then).to_string();
            let steps = read(&text);
            prop_assert!(steps.is_some(), "{}", text);
            prop_assert_eq!(steps.map(|steps| steps.len()), Some(3), "{}", text);
        }
    }
}
