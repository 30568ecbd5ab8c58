//! Finds the parts of a description that stand under headings such as `Steps to reproduce`.
//! Only cuts the text, never changes a character of it; which part fills which clause is decided in `compose`.

use super::code::Code;

/// What a heading announces.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Part {
    Steps,
    Actual,
    Expected,
}

/// A heading with all that follows it up to the next one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Section<'a> {
    pub(super) part: Part,
    /// Heading and text, as they stand in the description.
    pub(super) text: &'a str,
    /// Nothing stands under the heading.
    pub(super) empty: bool,
}

/// A description, cut in pieces that follow each other without a gap.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Split<'a> {
    pub(super) before: &'a str,
    pub(super) sections: Vec<Section<'a>>,
}

const STEPS: [&str; 12] = [
    "steps to reproduce",
    "step to reproduce",
    "steps for reproduction",
    "steps for reproducing",
    "steps of reproduction",
    "reproduction steps",
    "reproducing steps",
    "repro steps",
    "steps to repro",
    "to reproduce",
    "how to reproduce",
    "how to repro",
];
const ACTUAL: [&str; 3] = ["actual", "observed", "current"];
const EXPECTED: [&str; 1] = ["expected"];
const OUTCOMES: [&str; 8] = ["result", "results", "behavior", "behaviour", "behaviors", "behaviours", "outcome", "output"];
const ACTUAL_QUESTIONS: [&str; 6] =
    ["what happened", "what happens", "what actually happened", "what actually happens", "what happened instead", "what happens instead"];
const EXPECTED_QUESTIONS: [&str; 6] = [
    "what should have happened",
    "what should happen",
    "what did you expect to happen",
    "what did you expect",
    "what you expected to happen",
    "what is expected",
];
/// What people put after `Steps to reproduce`.
const OBJECTS: [&str; 7] = ["issue", "bug", "problem", "error", "failure", "behavior", "behaviour"];

/// Cuts a description at its headings.
pub(super) fn split(description: &str) -> Split<'_> {
    let found = find(description);
    let before = &description[..found.first().map_or(description.len(), |first| first.at)];
    let ends = found.iter().skip(1).map(|next| next.at).chain([description.len()]);
    let sections = found
        .iter()
        .zip(ends)
        .map(|(heading, end)| Section {
            part: heading.part,
            text: &description[heading.at..end],
            empty: !heading.inline && description[heading.after..end].trim().is_empty(),
        })
        .collect();
    Split { before, sections }
}

struct Found {
    part: Part,
    /// Where the heading's line starts.
    at: usize,
    /// Where the heading's line ends.
    after: usize,
    inline: bool,
    weak: bool,
}

fn find(description: &str) -> Vec<Found> {
    let mut found = Vec::new();
    let mut code = Code::Outside;
    let mut at = 0;
    for line in description.split_inclusive('\n') {
        let after = at + line.len();
        if code == Code::Outside
            && let Some(Heading { part, inline, weak }) = heading(line)
        {
            found.push(Found { part, at, after, inline, weak });
        }
        code = code.past(line);
        at = after;
    }
    // `Expected: 3` alone is more often a line of a test's output than a heading.
    if found.iter().all(|heading| heading.weak) {
        found.clear();
    }
    found
}

#[derive(Debug, PartialEq, Eq)]
struct Heading {
    part: Part,
    /// Text follows on the same line.
    inline: bool,
    /// Counts only beside others.
    weak: bool,
}

fn heading(line: &str) -> Option<Heading> {
    let line = line.trim_end();
    let body = line.trim_start();
    let indent = &line[..line.len() - body.len()];
    if indent.chars().count() > 3 || indent.contains('\t') {
        return None;
    }
    let block = after_block_marker(body);
    let label = block.trim_start_matches(['*', '_', '+', '[']).trim_start();
    let emphasised = label.len() < block.trim_start().len();
    let marked = emphasised || block.len() < body.len();
    let ends = label.find(|char| matches!(char, ':' | '：') || (emphasised && matches!(char, '*' | '_' | '+' | ']')));
    let (label, rest) = ends.map_or((label, None), |end| (&label[..end], Some(&label[end..])));
    let inline = rest.is_some_and(|rest| !rest.trim_matches(['*', '_', '+', ']', ':', '：', '-', '–', '#', ' ']).is_empty());
    let (part, spelling) = part(label)?;
    if spelling != Spelling::Phrase && !marked && rest.is_none() {
        return None;
    }
    Some(Heading { part, inline, weak: spelling == Spelling::Word && inline })
}

/// What follows `### ` or Jira's `h3. `.
fn after_block_marker(body: &str) -> &str {
    if let Some(rest) = body.strip_prefix(['h', 'H'])
        && let Some(rest) = rest.strip_prefix(['1', '2', '3', '4', '5', '6'])
        && let Some(rest) = rest.strip_prefix('.')
    {
        return rest.trim_start();
    }
    body.trim_start_matches('#').trim_start()
}

/// How sure a label's words are to be a heading.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Spelling {
    Phrase,
    /// `Expected`, which may start any sentence.
    Word,
    /// `STR`, which needs a colon or a mark.
    Short,
}

/// What a label announces.
fn part(label: &str) -> Option<(Part, Spelling)> {
    // No heading is longer, and most lines are.
    if label.len() > 80 {
        return None;
    }
    let label = without_parenthesis(label.trim()).trim_end_matches(['#', '?', '.', '-', '–', '*', '_', ' ']);
    match label {
        "STR" => return Some((Part::Steps, Spelling::Short)),
        "AR" => return Some((Part::Actual, Spelling::Short)),
        "ER" => return Some((Part::Expected, Spelling::Short)),
        _ => {}
    }
    let words: Vec<String> = label.split_whitespace().map(str::to_lowercase).collect();
    let text = words.join(" ");
    if STEPS.contains(&without_object(&text)) {
        return Some((Part::Steps, Spelling::Phrase));
    }
    for (part, firsts, questions) in
        [(Part::Actual, &ACTUAL[..], &ACTUAL_QUESTIONS[..]), (Part::Expected, &EXPECTED[..], &EXPECTED_QUESTIONS[..])]
    {
        if questions.contains(&text.as_str()) {
            return Some((part, Spelling::Phrase));
        }
        match words.as_slice() {
            [only] if only == firsts[0] => return Some((part, Spelling::Word)),
            [first, second] if firsts.contains(&first.as_str()) && OUTCOMES.contains(&second.as_str()) => {
                return Some((part, Spelling::Phrase));
            }
            _ => {}
        }
    }
    None
}

/// `How to reproduce (Hadoop 2.8.5)` without what is in parentheses.
fn without_parenthesis(label: &str) -> &str {
    match label.strip_suffix(')').and_then(|inside| inside.rfind('(')) {
        Some(start) => label[..start].trim_end(),
        None => label,
    }
}

/// `steps to reproduce the issue` without ` the issue`.
fn without_object(text: &str) -> &str {
    let Some((rest, object)) = text.rsplit_once(' ') else { return text };
    if object == "it" || object == "this" {
        return rest;
    }
    if !OBJECTS.contains(&object) {
        return text;
    }
    rest.strip_suffix(" the").or_else(|| rest.strip_suffix(" this")).unwrap_or(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parts(description: &str) -> Vec<(Part, &str)> {
        split(description).sections.iter().map(|section| (section.part, section.text)).collect()
    }

    #[test]
    fn every_usual_spelling_is_a_heading() {
        let spellings: [(Part, &[&str]); 3] = [
            (
                Part::Steps,
                &[
                    "Steps to reproduce:",
                    "STEPS TO REPRODUCE",
                    "**Steps to reproduce**",
                    "**Steps to reproduce:**",
                    "*Steps to Reproduce:*",
                    "h3. Steps to reproduce",
                    "h3. *How to Reproduce:*",
                    "### Steps to reproduce",
                    "##Steps to Reproduce##",
                    "STR:",
                    "**STR**",
                    "STR: open it",
                    "Step to reproduce",
                    "*How to reproduce (Hadoop-2.8.5):*",
                    "h2. How to reproduce?",
                    "Steps to reproduce this issue:",
                    "Reproduction steps:",
                    "To reproduce the problem:",
                    "[Steps to reproduce]:",
                    "**[Steps to Reproduce]:**",
                    "  Steps to reproduce: 1. run",
                    "_Steps to reproduce_",
                    "Steps to reproduce :",
                    "Steps to reproduce:-",
                    "**Steps to reproduce** run it",
                    "\u{a0}Steps to reproduce:",
                    "Steps to reproduce：",
                ],
            ),
            (
                Part::Actual,
                &[
                    "Actual results:",
                    "Actual result",
                    "### Actual behaviour",
                    "**Actual behavior:** crash",
                    "AR:",
                    "h4. AR",
                    "Observed behavior",
                    "Current behaviour:",
                    "What happened?",
                    "Actual:",
                    "*Actual*",
                ],
            ),
            (
                Part::Expected,
                &[
                    "Expected results:",
                    "Expected Result: works",
                    "**Expected behavior**",
                    "*Expected Behavior:*",
                    "ER: works",
                    "Expected output:",
                    "What should have happened?",
                    "### Expected",
                    "Expected:",
                ],
            ),
        ];
        for (part, lines) in spellings {
            for line in lines {
                for end in ["", "\n", "\r\n"] {
                    let text = format!("Before.\n{line}{end}");
                    let split = split(&text);
                    assert_eq!(split.before, "Before.\n", "{line}");
                    assert_eq!(split.sections.iter().map(|section| section.part).collect::<Vec<_>>(), [part], "{line}");
                }
            }
        }
    }

    #[test]
    fn a_sentence_is_no_heading() {
        for line in [
            "Steps to reproduce are unknown",
            "I know no steps to reproduce:",
            "Expected",
            "STR",
            "str: &str",
            "Expected: is <1>",
            "To reproduce, run it",
            "actual = 3;",
            "    Steps to reproduce:",
            "\tSteps to reproduce:",
            "> Steps to reproduce:",
            "Actual Behaviour vs Expected Behaviour",
            "*Expected* to work",
            "Error: expected:",
            "",
        ] {
            assert_eq!(parts(line), [], "{line}");
        }
    }

    #[test]
    fn nothing_is_a_heading_inside_code() {
        for text in [
            "```\nSteps to reproduce:\n```\nrest",
            "~~~~text\nSteps to reproduce:\n~~~\nActual results:\n~~~~",
            "{code:java}\nSteps to reproduce:\n{code}\nrest",
            "{noformat}\n{code}\nActual results:\n{noformat}",
            "text {code}\nSTR: x\n{code}",
            "```\nSteps to reproduce:",
        ] {
            assert_eq!(parts(text), [], "{text}");
        }
        assert_eq!(parts("```\nx\n```\nSTR:\ny"), [(Part::Steps, "STR:\ny")]);
        assert_eq!(parts("{code}x{code}\nSTR:\ny"), [(Part::Steps, "STR:\ny")]);
        assert_eq!(parts("Use ```x``` and {braces}\nSTR:\ny"), [(Part::Steps, "STR:\ny")]);
    }

    #[test]
    fn one_word_with_text_counts_beside_others() {
        assert_eq!(
            parts("STR: go\nActual: a\nExpected: b"),
            [(Part::Steps, "STR: go\n"), (Part::Actual, "Actual: a\n"), (Part::Expected, "Expected: b")]
        );
    }

    #[test]
    fn unrelated_headings_stay_where_they_are_and_repeated_ones_are_kept() {
        let text = "a\r\n## Steps to reproduce\r\n1\r\n## Environment\r\nx\r\nSteps to reproduce:\r\n\r\n";
        let split = split(text);
        assert_eq!(split.before, "a\r\n");
        let second = "Steps to reproduce:\r\n\r\n";
        assert_eq!(split.sections[0].text, "## Steps to reproduce\r\n1\r\n## Environment\r\nx\r\n");
        assert_eq!(split.sections[1], Section { part: Part::Steps, text: second, empty: true });
        assert!(!split.sections[0].empty);
    }
}
