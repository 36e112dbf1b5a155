//! What is wrong with a file, where, and the cure.

use serde::Serialize;
use std::{fmt, ops::Range, sync::Arc};

/// How bad it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// The configuration is refused.
    Error,
    /// It is taken, but the admin should know.
    Warning,
}

/// One finding.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Diagnostic {
    /// Error or warning.
    pub severity: Severity,
    /// Path of the file, as it was handed in.
    pub file: String,
    /// From 1; 0 when the finding is about no line (a file is missing).
    pub line: usize,
    /// In characters, from 1; 0 as above.
    pub column: usize,
    /// Bytes in the file's text.
    pub span: Range<usize>,
    /// What is wrong. No secret and no password is ever in it.
    pub message: String,
    /// A word or two under the marked text; may be empty.
    pub label: String,
    /// The cure, where there is one.
    pub help: Option<String>,
    /// The file's text, shared between the findings of that file.
    #[serde(skip)]
    pub source: Arc<str>,
}

/// How findings are drawn.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Look {
    /// Box-drawing characters, no colour.
    #[default]
    Unicode,
    /// ASCII alone.
    Ascii,
    /// Box-drawing characters and ANSI colours, for a terminal.
    Colour,
}

/// Columns of the drawing: fixed, so that what is printed is the same on every terminal.
pub const WIDTH: usize = 100;

/// All findings as text, unicode without colour, [`WIDTH`] columns.
pub fn render(diagnostics: &[Diagnostic]) -> String {
    render_as(diagnostics, Look::Unicode)
}

/// All findings as text.
pub fn render_as(diagnostics: &[Diagnostic], look: Look) -> String {
    let theme = match look {
        Look::Unicode => miette::GraphicalTheme::unicode_nocolor(),
        Look::Ascii => miette::GraphicalTheme {
            characters: miette::ThemeCharacters::ascii(),
            styles: miette::ThemeStyles::none(),
        },
        Look::Colour => miette::GraphicalTheme::unicode(),
    };
    let handler = miette::GraphicalReportHandler::new_themed(theme)
        .with_width(WIDTH)
        .with_context_lines(1)
        .with_links(false);
    let mut out = String::new();
    for (i, d) in diagnostics.iter().enumerate() {
        if i > 0 {
            out.push('\n');
        }
        // Writing to a String does not fail.
        let _ = handler.render_report(&mut out, &Drawn(d));
    }
    out
}

/// All findings as a JSON array: `severity`, `file`, `line`, `column`, `span`, `message`, `label`,
/// `help`.
pub fn to_json(diagnostics: &[Diagnostic]) -> serde_json::Value {
    serde_json::json!(diagnostics)
}

/// One finding in miette's terms.
#[derive(Debug)]
struct Drawn<'a>(&'a Diagnostic);

impl fmt::Display for Drawn<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.line == 0 && !self.0.file.is_empty() {
            write!(f, "{}: ", self.0.file)?;
        }
        f.write_str(&self.0.message)
    }
}

impl std::error::Error for Drawn<'_> {}

impl miette::Diagnostic for Drawn<'_> {
    fn severity(&self) -> Option<miette::Severity> {
        Some(match self.0.severity {
            Severity::Error => miette::Severity::Error,
            Severity::Warning => miette::Severity::Warning,
        })
    }
    fn help<'a>(&'a self) -> Option<Box<dyn fmt::Display + 'a>> {
        self.0
            .help
            .as_ref()
            .map(|h| Box::new(h) as Box<dyn fmt::Display>)
    }
    fn source_code(&self) -> Option<&dyn miette::SourceCode> {
        (self.0.line != 0).then_some(self as &dyn miette::SourceCode)
    }
    fn labels(&self) -> Option<Box<dyn Iterator<Item = miette::LabeledSpan> + '_>> {
        if self.0.line == 0 {
            return None;
        }
        let label = (!self.0.label.is_empty()).then(|| self.0.label.clone());
        let span = miette::LabeledSpan::new(label, self.0.span.start, self.0.span.len());
        Some(Box::new(std::iter::once(span)))
    }
}

/// The lines that are marked and no others: miette draws the neighbours too, or the marked text
/// alone. Asked for no context, it wants to know where the marked text begins.
impl miette::SourceCode for Drawn<'_> {
    fn read_span<'a>(
        &'a self,
        span: &miette::SourceSpan,
        before: usize,
        _after: usize,
    ) -> Result<Box<dyn miette::SpanContents<'a> + 'a>, miette::MietteError> {
        let text: &str = &self.0.source;
        let (start, end) = (span.offset(), span.offset() + span.len());
        let (Some(head), Some(tail)) = (text.get(..start), text.get(end..)) else {
            return Err(miette::MietteError::OutOfBounds);
        };
        let line_start = head.rfind('\n').map_or(0, |i| i + 1);
        let line_end = end + tail.find('\n').unwrap_or(tail.len());
        let (from, to) = if before == 0 {
            (start, end)
        } else {
            (line_start, line_end)
        };
        let column = text
            .get(line_start..from)
            .unwrap_or_default()
            .chars()
            .count();
        let shown = text.get(from..to).unwrap_or_default();
        Ok(Box::new(miette::MietteSpanContents::new_named(
            self.0.file.clone(),
            shown.as_bytes(),
            (from, to - from).into(),
            head.matches('\n').count(),
            column,
            shown.matches('\n').count() + 1,
        )))
    }
}
