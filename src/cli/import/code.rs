//! Knows which lines of a description lie in blocks of code, in Markdown and in Jira's marks.
//! Only watches where blocks begin and end; what stands in them is nobody's business.

/// Whether a line lies in a block of code, where nothing is a heading.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Code {
    Outside,
    /// Markdown's, opened by this many of this character.
    Fence(char, usize),
    /// Jira's `{code}`, `{noformat}`.
    Macro(&'static str),
}

impl Code {
    /// The state after a line that began in this one.
    pub(super) fn past(self, line: &str) -> Self {
        let (mark, length, info) = fence(line);
        match self {
            Self::Fence(open, least) if mark == Some(open) && length >= least && info.is_empty() => Self::Outside,
            Self::Outside if mark.is_some_and(|mark| mark == '~' || !info.contains('`')) => Self::Fence(mark.unwrap_or('`'), length),
            Self::Fence(..) => self,
            Self::Outside | Self::Macro(_) => self.past_macros(line),
        }
    }

    fn past_macros(self, line: &str) -> Self {
        let mut code = self;
        let mut rest = line;
        while let Some(start) = rest.find('{') {
            rest = &rest[start + 1..];
            match code {
                Self::Macro(name) if rest.strip_prefix(name).is_some_and(|rest| rest.starts_with('}')) => code = Self::Outside,
                Self::Outside => code = opened(rest).map_or(code, Self::Macro),
                _ => {}
            }
        }
        code
    }
}

/// The macro that opens here, right after its brace.
fn opened(rest: &str) -> Option<&'static str> {
    ["code", "noformat"]
        .into_iter()
        .find(|name| rest.strip_prefix(name).is_some_and(|rest| rest.starts_with('}') || (rest.starts_with(':') && rest.contains('}'))))
}

/// The character and number of a line's opening or closing fence, and what follows it.
fn fence(line: &str) -> (Option<char>, usize, &str) {
    let line = line.trim_end();
    let body = line.trim_start_matches(' ');
    let mark = body.chars().next().filter(|mark| matches!(mark, '`' | '~'));
    let Some(mark) = mark.filter(|_| line.len() - body.len() <= 3) else { return (None, 0, "") };
    let info = body.trim_start_matches(mark);
    let length = body.len() - info.len();
    if length < 3 { (None, 0, "") } else { (Some(mark), length, info) }
}
