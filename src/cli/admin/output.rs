//! What admin commands print: a table or a sentence for people, or JSON.
//! What is in it is the commands' affair.

use serde::Serialize;

use crate::cli::Outcome;
use crate::cli::terminal::{say, say_json};
use crate::model::visible::visible;

/// How to print.
#[derive(Debug, Clone, Copy)]
pub(in crate::cli) struct Output {
    /// JSON instead of words.
    pub(in crate::cli) json: bool,
}

impl Output {
    /// One thing: JSON, or the sentence.
    pub(in crate::cli) fn one(self, thing: &impl Serialize, sentence: &str) -> Outcome {
        if self.json { say_json(thing) } else { say(sentence) }
    }

    /// Many things: a JSON array, or a table with a head.
    pub(in crate::cli) fn many<T: Serialize, const N: usize>(
        self,
        things: &[T],
        head: [&str; N],
        row: impl Fn(&T) -> [String; N],
    ) -> Outcome {
        if self.json {
            return say_json(&things);
        }
        say(&table(things, head, row))
    }
}

/// A line for each thing, below a head; a cell adds no line, whatever is in it.
pub(super) fn table<T, const N: usize>(things: &[T], head: [&str; N], row: impl Fn(&T) -> [String; N]) -> String {
    let rows: Vec<[String; N]> = things.iter().map(|thing| row(thing).map(visible)).collect();
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
