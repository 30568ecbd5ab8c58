//! What admin commands print: a table or a sentence for people, or JSON.
//! What is in it is the commands' affair.

use std::io::Write;

use serde::Serialize;

use crate::cli::Outcome;

/// How to print.
#[derive(Debug, Clone, Copy)]
pub(in crate::cli) struct Output {
    /// JSON instead of words.
    pub(in crate::cli) json: bool,
}

impl Output {
    /// One thing: JSON, or the sentence.
    pub(in crate::cli) fn one(self, thing: &impl Serialize, sentence: &str) -> Outcome {
        if self.json { print_json(thing) } else { print(sentence) }
    }

    /// Many things: a JSON array, or a table with a head.
    pub(in crate::cli) fn many<T: Serialize, const N: usize>(
        self,
        things: &[T],
        head: [&str; N],
        row: impl Fn(&T) -> [String; N],
    ) -> Outcome {
        if self.json {
            return print_json(&things);
        }
        print(&table(things, head, row))
    }
}

/// A line for each thing, below a head.
pub(super) fn table<T, const N: usize>(things: &[T], head: [&str; N], row: impl Fn(&T) -> [String; N]) -> String {
    let rows: Vec<[String; N]> = things.iter().map(row).collect();
    let width = |column: usize| rows.iter().map(|row| row[column].chars().count()).chain([head[column].len()]).max().unwrap_or(0);
    let widths: [usize; N] = std::array::from_fn(width);
    let line = |cells: [&str; N]| {
        let padded = cells.iter().zip(widths).map(|(cell, width)| format!("{cell:width$}"));
        padded.collect::<Vec<_>>().join("  ").trim_end().to_owned()
    };
    let mut text = line(head);
    for row in &rows {
        text.push('\n');
        text.push_str(&line(row.each_ref().map(String::as_str)));
    }
    text
}

/// A reader that went away (`| head`) is no failure worth a panic.
fn print(text: &str) -> Outcome {
    writeln!(std::io::stdout().lock(), "{text}")?;
    Ok(())
}

fn print_json(thing: &impl Serialize) -> Outcome {
    let text = serde_json::to_string(thing).map_err(std::io::Error::from)?;
    print(&text)
}
