//! Texts in, a [`Plan`] or diagnostics out. Every file is read to its end whatever is wrong with
//! it, and what refers to a file that does not parse is not blamed for that.

mod agents;
mod ask;
mod callback;
mod checks;
mod codecs;
mod destinations;
mod dialplan;
mod emergency;
mod ends;
mod features;
#[cfg(test)]
mod heard;
mod hours;
mod identity;
mod listen;
mod mail;
mod mask;
mod menu;
mod node;
mod people;
mod phones;
mod pickup;
mod prompts;
mod queue;
mod read;
mod recording;
mod rules;
mod spot;
mod telemetry;
mod templates;
mod tls;
mod tools;
mod trunk;
mod values;
mod voicemail;

pub use ends::MAX_HOPS;
#[cfg(test)]
pub(crate) use heard::{Heard, listen};
pub(crate) use templates::said;
pub(crate) use tls::asks_for_tls;
pub use tls::{Inspect, Inspector, TlsComplaint, TlsPart};

use crate::{Diagnostic, Plan, Severity};
use checks::{Claim, Need};
use destinations::Scope;
use read::{Section, Val};
use spot::{Source, Spot};
use std::{
    cell::RefCell,
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};
use tandem_types::Wall;
use toml::{
    Spanned,
    de::{DeTable, Error},
};

/// One file of the configuration's directory.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SourceFile {
    /// Relative to that directory, with `/`: `trunks/carrier.toml`.
    pub path: String,
    /// What is in it.
    pub text: String,
}

/// What only the machine knows.
#[derive(Clone, Copy, Default)]
pub struct Host<'a> {
    /// First and last ephemeral port (`net.ipv4.ip_local_port_range`); RTP ports in it draw a
    /// warning, because any other program may be given one of them.
    pub ephemeral_ports: Option<(u16, u16)>,
    /// The time: what the hours of the year to come are judged by.
    pub now: Wall,
    /// What is in certificates; `None`: nobody looks.
    pub inspect: Option<Inspector<'a>>,
}

/// What loading gives: the plan and its warnings, or everything that is wrong with it.
pub type Loaded = Result<(Plan, Vec<Diagnostic>), Vec<Diagnostic>>;

/// Is this path, relative to the configuration's directory and with `/`, one that [`load`] wants
/// to be handed?
///
/// | path | needed |
/// |---|---|
/// | `tandem.toml` | yes |
/// | `phones.toml` | no |
/// | `trunks/*.toml` | no |
/// | `dialplans/*.toml` | no, but without one nothing is answered |
/// | `holidays/*.ics` | where hours name one |
/// | `prompts/*.md` | where an agent names one as `instructions_file` |
///
/// Whoever does the reading lists the directory and these four folders in it, and hands in each
/// file for which this says yes; files that begin with a dot are left alone.
pub fn wanted(path: &str) -> bool {
    let (folder, file) = path.rsplit_once('/').unwrap_or(("", path));
    let (stem, extension) = file.rsplit_once('.').unwrap_or((file, ""));
    let known = match folder {
        "" => matches!(file, "tandem.toml" | "phones.toml"),
        "trunks" | "dialplans" => extension == "toml",
        "prompts" => extension == "md",
        "holidays" => extension == "ics",
        _ => false,
    };
    known && !stem.is_empty() && !file.starts_with('.')
}

/// Checks a configuration as a whole.
///
/// `files` are those that [`wanted`] names. `secrets` resolves a reference (`env:NAME`,
/// `file:PATH`, `cred:NAME`; a relative path starts at the configuration's directory) or says in
/// a few words why it cannot. `exists` tells whether a file that is only named (hold music) is
/// there.
///
/// # Errors
/// Everything that is wrong, and the warnings, in the order of the files.
pub fn load(
    files: &[SourceFile],
    secrets: &dyn Fn(&str) -> Result<String, String>,
    exists: &dyn Fn(&str) -> bool,
) -> Loaded {
    load_on(Host::default(), files, secrets, exists)
}

/// As [`load`], with what the machine knows.
///
/// # Errors
/// As [`load`].
pub fn load_on(
    host: Host<'_>,
    files: &[SourceFile],
    secrets: &dyn Fn(&str) -> Result<String, String>,
    exists: &dyn Fn(&str) -> bool,
) -> Loaded {
    let sink = RefCell::default();
    let shown = |f: &SourceFile| Arc::<str>::from(mask::masked(&f.text));
    let sources: Vec<Source<'_>> = files
        .iter()
        .map(|f| Source::new(&f.path, &f.text, shown(f), &sink))
        .collect();
    let tables: Vec<Option<Spanned<DeTable<'_>>>> = sources.iter().map(parse).collect();
    {
        let mut load = Load {
            files,
            sources: &sources,
            tables: &tables,
            secrets,
            exists,
            host,
            plan: Plan::default(),
            claims: Vec::new(),
            needs: Vec::new(),
            unsure: BTreeSet::new(),
            own_tls: None,
            spots: BTreeMap::new(),
        };
        load.read();
        let plan = load.plan;
        finish(plan, files, &sink)
    }
}

fn finish(plan: Plan, files: &[SourceFile], sink: &RefCell<Vec<Diagnostic>>) -> Loaded {
    let mut found = sink.take();
    let order = |d: &Diagnostic| {
        let rank = match d.file.split('/').next().unwrap_or_default() {
            "tandem.toml" => 0,
            "trunks" => 1,
            "phones.toml" => 2,
            _ => 3,
        };
        (
            rank,
            d.file.clone(),
            files.iter().position(|f| f.path == d.file),
            d.span.start,
            d.span.end,
        )
    };
    found.sort_by_key(order);
    found.dedup();
    match found.iter().any(|d| d.severity == Severity::Error) {
        true => Err(found),
        false => Ok((plan, found)),
    }
}

/// The file's table, or `None` with its syntax errors filed.
fn parse<'a>(source: &'a Source<'a>) -> Option<Spanned<DeTable<'a>>> {
    if !source.path.ends_with(".toml") {
        return None;
    }
    let (table, mut errors) = DeTable::parse_recoverable(source.text);
    if errors.is_empty() {
        return Some(table);
    }
    errors.sort_by_key(|e| e.span().map_or(0, |s| s.start));
    // One slip in a list makes the parser stumble over all that follows: only the first is told.
    let cascade = errors
        .iter()
        .any(|e| e.message().contains("unclosed") || e.message().contains("array"));
    let mut last_line = None;
    for e in errors.iter().take(if cascade { 1 } else { usize::MAX }) {
        let spot = source.spot(e.span().unwrap_or(0..0));
        let line = spot.place();
        if last_line.as_ref() != Some(&line) {
            spot.error(explained(e))
                .label("here")
                .maybe_help(syntax_help(e.message()));
            last_line = Some(line);
        }
    }
    None
}

fn explained(e: &Error) -> String {
    match e.message() {
        "duplicate key" => "this is here twice".to_owned(),
        other => format!("this is not TOML: {other}"),
    }
}

fn syntax_help(message: &str) -> Option<String> {
    let help = match message {
        "duplicate key" => "a key and a [table] stand once in a file: put the two together",
        m if m.contains("string values must be quoted") => {
            "put the value in quotes: key = \"value\""
        }
        m if m.contains("expected `=`") => "a line is key = value, [table] or # comment",
        _ => return None,
    };
    Some(help.to_owned())
}

/// All that is at hand while the files are read.
struct Load<'a> {
    files: &'a [SourceFile],
    sources: &'a [Source<'a>],
    tables: &'a [Option<Spanned<DeTable<'a>>>],
    secrets: &'a dyn Fn(&str) -> Result<String, String>,
    exists: &'a dyn Fn(&str) -> bool,
    host: Host<'a>,
    plan: Plan,
    /// Numbers that dialplans claim.
    claims: Vec<Claim<'a>>,
    /// What the dialplans will want to dial.
    needs: Vec<Need<'a>>,
    /// Lists of what may be dialled in which something could not be read.
    unsure: BTreeSet<String>,
    own_tls: Option<tls::OwnSpots<'a>>,
    /// Where menus and announcements stand: `PLAN menu:NAME`.
    spots: BTreeMap<String, Spot<'a>>,
}

impl<'a> Load<'a> {
    fn read(&mut self) {
        if !self.files.iter().any(|f| f.path == "tandem.toml") {
            self.missing(
                "tandem.toml",
                "it is not in this directory",
                "a file with nothing in it will do: everything has a default",
            );
        }
        if let Some(root) = self.root("tandem.toml") {
            self.plan.node = self.node(&root);
        }
        for (name, root) in self.folder("trunks/") {
            let trunk = self.trunk(&name, &root);
            self.plan.trunks.insert(name, trunk);
        }
        if let Some(root) = self.root("phones.toml") {
            self.plan.phones = self.phones(&root);
        }
        self.inspect_own_tls();
        let mut plans = BTreeMap::new();
        for (name, root) in self.folder("dialplans/") {
            let plan = self.dialplan(&name, &root);
            plans.insert(name, plan);
        }
        self.plan.dialplans = plans.into();
        self.check();
        self.plan.prompts = prompts::static_texts(&self.plan);
    }

    fn missing(&self, file: &str, message: &str, help: &str) {
        if let Some(source) = self.sources.first() {
            source
                .sink
                .borrow_mut()
                .push(nowhere(file, message, help, Severity::Error));
        }
    }

    fn root(&self, path: &str) -> Option<Section<'a>> {
        let i = self.files.iter().position(|f| f.path == path)?;
        let (source, table) = (self.sources.get(i)?, self.tables.get(i)?.as_ref()?);
        let spot = Spot {
            source,
            start: 0,
            end: 0,
        };
        Some(Section::new(String::new(), spot, table.get_ref()))
    }

    /// The files of a folder that parse, by name.
    fn folder(&self, folder: &str) -> Vec<(String, Section<'a>)> {
        let mut found: Vec<_> = self
            .stems(folder)
            .into_iter()
            .filter_map(|stem| {
                self.root(&format!("{folder}{stem}.toml"))
                    .map(|root| (stem, root))
            })
            .collect();
        found.sort_by(|a, b| a.0.cmp(&b.0));
        found
    }

    /// The names of all files of a folder, those that do not parse among them.
    fn stems(&self, folder: &str) -> Vec<String> {
        let stem = |f: &SourceFile| {
            Some(
                f.path
                    .strip_prefix(folder)?
                    .strip_suffix(".toml")?
                    .to_owned(),
            )
        };
        self.files.iter().filter_map(stem).collect()
    }

    /// Is the file there, but cannot be parsed, or needed and missing? Both have been told.
    fn unreadable(&self, path: &str) -> bool {
        let at = self.files.iter().position(|f| f.path == path);
        at.and_then(|i| self.tables.get(i))
            .map_or(path == "tandem.toml", Option::is_none)
    }

    /// Has anything in this section's file been found wrong so far?
    fn has_errors(&self, root: &Section<'a>) -> bool {
        let source = root.spot.source;
        source
            .sink
            .borrow()
            .iter()
            .any(|d| d.file == source.path && d.severity == Severity::Error)
    }

    /// Remembers the line of a key of a dialplan by its path: `dialplans.head.menus.main.keys.1`.
    fn line(&mut self, scope: &Scope, v: &Val<'a>) {
        self.place(format!("dialplans.{}.{}", scope.plan, v.path()), v.key_spot);
    }

    /// As [`Self::line`], where there is one.
    fn lines(&mut self, scope: &Scope, v: &Option<Val<'a>>) {
        if let Some(v) = v {
            self.line(scope, v);
        }
    }

    fn place(&mut self, key: String, spot: Spot<'a>) {
        self.plan.places.insert(key, spot.place());
    }
}

/// A finding about no line.
fn nowhere(file: &str, message: &str, help: &str, severity: Severity) -> Diagnostic {
    Diagnostic {
        severity,
        file: file.to_owned(),
        line: 0,
        column: 0,
        span: 0..0,
        message: message.to_owned(),
        label: String::new(),
        help: Some(help.to_owned()),
        source: Arc::from(""),
    }
}
