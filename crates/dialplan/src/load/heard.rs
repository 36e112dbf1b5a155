//! For the test of the schemas: which keys the reader asked for, in which table of which file.

use std::cell::RefCell;

/// What one table may hold.
pub(crate) struct Heard {
    pub(crate) file: String,
    /// As it is written: `queues.repairs`; empty for the file itself.
    pub(crate) table: String,
    pub(crate) keys: Vec<String>,
}

thread_local! {
    static HEARD: RefCell<Option<Vec<Heard>>> = const { RefCell::new(None) };
}

/// Runs this and says what was asked for meanwhile.
pub(crate) fn listen(work: impl FnOnce()) -> Vec<Heard> {
    HEARD.set(Some(Vec::new()));
    work();
    HEARD.take().unwrap_or_default()
}

pub(super) fn note<'k>(file: &str, table: &str, keys: impl Iterator<Item = &'k &'static str>) {
    HEARD.with_borrow_mut(|heard| {
        if let Some(all) = heard {
            all.push(Heard {
                file: file.to_owned(),
                table: table.to_owned(),
                keys: keys.map(|k| (*k).to_owned()).collect(),
            });
        }
    });
}
