//! Places in files, and what is found there.

use crate::{Diagnostic, Severity};
use std::{cell::RefCell, ops::Range, sync::Arc};

/// One file, and where its findings go.
pub(crate) struct Source<'a> {
    pub(crate) path: &'a str,
    pub(crate) text: &'a str,
    /// The text as it may be printed: without secrets.
    pub(crate) shown: Arc<str>,
    /// Where its lines begin.
    lines: Vec<usize>,
    pub(crate) sink: &'a RefCell<Vec<Diagnostic>>,
}

impl<'a> Source<'a> {
    pub(crate) fn new(
        path: &'a str,
        text: &'a str,
        shown: Arc<str>,
        sink: &'a RefCell<Vec<Diagnostic>>,
    ) -> Self {
        let ends = text.match_indices('\n').map(|(at, _)| at + 1);
        Self {
            path,
            text,
            shown,
            lines: std::iter::once(0).chain(ends).collect(),
            sink,
        }
    }

    pub(crate) fn spot(&'a self, span: Range<usize>) -> Spot<'a> {
        Spot {
            source: self,
            start: span.start,
            end: span.end,
        }
    }
}

/// A place in a file.
#[derive(Clone, Copy)]
pub(crate) struct Spot<'a> {
    pub(crate) source: &'a Source<'a>,
    pub(crate) start: usize,
    pub(crate) end: usize,
}

impl<'a> Spot<'a> {
    pub(crate) fn error(self, message: impl Into<String>) -> Finding<'a> {
        self.finding(Severity::Error, message.into())
    }

    pub(crate) fn warning(self, message: impl Into<String>) -> Finding<'a> {
        self.finding(Severity::Warning, message.into())
    }

    fn finding(self, severity: Severity, message: String) -> Finding<'a> {
        // The file as a whole has no line.
        let (line, column) = if self.end == 0 {
            (0, 0)
        } else {
            self.line_column()
        };
        let diagnostic = Diagnostic {
            severity,
            file: self.source.path.to_owned(),
            line,
            column,
            span: self.start..self.end,
            message,
            label: String::new(),
            help: None,
            source: Arc::clone(&self.source.shown),
        };
        Finding {
            diagnostic: Some(diagnostic),
            sink: self.source.sink,
        }
    }

    /// Both from 1, the column in characters.
    fn line_column(self) -> (usize, usize) {
        let line = self.source.lines.partition_point(|at| *at <= self.start);
        let begin = line.checked_sub(1).and_then(|l| self.source.lines.get(l));
        let before = begin.and_then(|at| self.source.text.get(*at..self.start));
        let column = before.unwrap_or_default().chars().count() + 1;
        (line, column)
    }

    /// `FILE:LINE`.
    pub(crate) fn place(self) -> String {
        format!("{}:{}", self.source.path, self.line_column().0)
    }

    /// `len` bytes of a quoted text, from this byte of its content on, where the quotes hold it as
    /// it is.
    pub(crate) fn inside(self, content: &str, at: usize, len: usize) -> Self {
        let raw = self
            .source
            .text
            .get(self.start..self.end)
            .unwrap_or_default();
        match raw.get(1..raw.len().saturating_sub(1)) {
            Some(inner) if inner == content && content.get(at..at + len).is_some() => {
                let start = self.start + 1 + at;
                Self {
                    start,
                    end: start + len,
                    ..self
                }
            }
            _ => self,
        }
    }
}

/// A finding in the making; it is filed when dropped.
pub(crate) struct Finding<'a> {
    diagnostic: Option<Diagnostic>,
    sink: &'a RefCell<Vec<Diagnostic>>,
}

impl Finding<'_> {
    pub(crate) fn label(mut self, label: impl Into<String>) -> Self {
        if let Some(d) = &mut self.diagnostic {
            d.label = label.into();
        }
        self
    }

    pub(crate) fn help(self, help: impl Into<String>) -> Self {
        self.maybe_help(Some(help.into()))
    }

    pub(crate) fn maybe_help(mut self, help: Option<String>) -> Self {
        if let Some(d) = &mut self.diagnostic {
            d.help = help.or(d.help.take());
        }
        self
    }
}

impl Drop for Finding<'_> {
    fn drop(&mut self) {
        self.sink.borrow_mut().extend(self.diagnostic.take());
    }
}

/// `did you mean "x"?` when one of the names is near enough.
pub(crate) fn did_you_mean<S: AsRef<str>>(
    word: &str,
    names: impl IntoIterator<Item = S>,
) -> Option<String> {
    let near = |name: &S| strsim::damerau_levenshtein(word, name.as_ref());
    let best = names.into_iter().min_by_key(near)?;
    let limit = (word.chars().count().max(best.as_ref().chars().count()) / 3).max(1);
    (near(&best) <= limit && best.as_ref() != word)
        .then(|| format!("did you mean {:?}?", best.as_ref()))
}

/// `a, b or c`.
pub(crate) fn listed<S: AsRef<str>>(names: impl IntoIterator<Item = S>) -> String {
    let mut names: Vec<String> = names.into_iter().map(|n| n.as_ref().to_owned()).collect();
    match names.pop() {
        None => String::new(),
        Some(last) if names.is_empty() => last,
        Some(last) => format!("{} or {last}", names.join(", ")),
    }
}
