//! One spelling of SQL for both databases: a statement with `$1`-style arguments, three types of
//! value (`BIGINT`, `TEXT`, `BOOLEAN`), and rows read by column name.

use crate::StoreError;
use std::sync::Arc;
use tandem_types::Wall;

/// A value of a column. `None` is NULL, which PostgreSQL wants to be typed too.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Value {
    Int(Option<i64>),
    Text(Option<String>),
    Bool(Option<bool>),
}

/// One statement.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Statement {
    pub(crate) sql: &'static str,
    pub(crate) args: Vec<Value>,
}

/// A row that is changed or made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Change {
    pub(crate) sql: &'static str,
    pub(crate) args: Vec<Value>,
    /// If that has changed no row: another statement, with these arguments besides. One statement that does either costs SQLite a
    /// savepoint.
    pub(crate) otherwise: Option<(&'static str, Vec<Value>)>,
}

/// A statement and its arguments: `stmt!("... $1 ... $2", call, at)`.
macro_rules! stmt {
    ($sql:expr $(, $arg:expr)* $(,)?) => {
        $crate::sql::Statement { sql: $sql, args: vec![$($crate::sql::Value::from($arg)),*] }
    };
}
pub(crate) use stmt;

impl From<i64> for Value {
    fn from(v: i64) -> Self {
        Self::Int(Some(v))
    }
}
impl From<u64> for Value {
    fn from(v: u64) -> Self {
        Self::Int(Some(i64::try_from(v).unwrap_or(i64::MAX)))
    }
}
impl From<Wall> for Value {
    fn from(v: Wall) -> Self {
        Self::Int(Some(v.0))
    }
}
impl From<bool> for Value {
    fn from(v: bool) -> Self {
        Self::Bool(Some(v))
    }
}
impl From<&str> for Value {
    /// PostgreSQL's TEXT cannot hold NUL, which a peer may well send.
    fn from(v: &str) -> Self {
        Self::from(v.to_owned())
    }
}
impl From<String> for Value {
    fn from(v: String) -> Self {
        Self::Text(Some(if v.contains('\0') {
            v.replace('\0', "\u{fffd}")
        } else {
            v
        }))
    }
}
impl From<&String> for Value {
    fn from(v: &String) -> Self {
        Self::from(v.as_str())
    }
}

/// Options keep their type when they are empty.
macro_rules! from_option {
    ($($type:ty => $variant:ident),*) => {$(
        impl From<Option<$type>> for Value {
            fn from(v: Option<$type>) -> Self {
                v.map_or(Self::$variant(None), Self::from)
            }
        }
    )*};
}
from_option!(i64 => Int, u64 => Int, Wall => Int, bool => Bool, &str => Text, String => Text, &String => Text);

macro_rules! from_small {
    ($($type:ty),*) => {$(
        impl From<$type> for Value {
            fn from(v: $type) -> Self {
                Self::Int(Some(i64::from(v)))
            }
        }
    )*};
}
from_small!(u8, u16, u32);

macro_rules! from_id {
    ($($type:ty),*) => {$(
        impl From<$type> for Value {
            fn from(v: $type) -> Self {
                Self::Text(Some(v.to_string()))
            }
        }
        impl From<Option<$type>> for Value {
            fn from(v: Option<$type>) -> Self {
                Self::Text(v.map(|v| v.to_string()))
            }
        }
    )*};
}
from_id!(
    tandem_types::CallId,
    tandem_types::LegId,
    tandem_types::MessageId,
    tandem_types::HandoffId,
    tandem_types::TransferId
);

/// A row that was read.
#[derive(Clone, Debug)]
pub(crate) struct Row {
    pub(crate) names: Arc<[String]>,
    pub(crate) values: Vec<Value>,
}

impl Row {
    fn value(&self, column: &'static str) -> Result<&Value, StoreError> {
        let at = self.names.iter().position(|n| n == column);
        at.and_then(|i| self.values.get(i))
            .ok_or(StoreError::Row(column))
    }

    pub(crate) fn maybe_int(&self, column: &'static str) -> Result<Option<i64>, StoreError> {
        match self.value(column)? {
            Value::Int(v) => Ok(*v),
            Value::Text(None) | Value::Bool(None) => Ok(None),
            Value::Text(_) | Value::Bool(_) => Err(StoreError::Row(column)),
        }
    }

    pub(crate) fn maybe_text(&self, column: &'static str) -> Result<Option<String>, StoreError> {
        match self.value(column)? {
            Value::Text(v) => Ok(v.clone()),
            Value::Int(None) | Value::Bool(None) => Ok(None),
            Value::Int(_) | Value::Bool(_) => Err(StoreError::Row(column)),
        }
    }

    /// A number that fits its type.
    pub(crate) fn int<T: TryFrom<i64>>(&self, column: &'static str) -> Result<T, StoreError> {
        let v = self.maybe_int(column)?.ok_or(StoreError::Row(column))?;
        T::try_from(v).map_err(|_| StoreError::Row(column))
    }

    pub(crate) fn maybe<T: TryFrom<i64>>(
        &self,
        column: &'static str,
    ) -> Result<Option<T>, StoreError> {
        self.maybe_int(column)?
            .map(|v| T::try_from(v).map_err(|_| StoreError::Row(column)))
            .transpose()
    }

    pub(crate) fn text(&self, column: &'static str) -> Result<String, StoreError> {
        self.maybe_text(column)?.ok_or(StoreError::Row(column))
    }

    pub(crate) fn bool(&self, column: &'static str) -> Result<bool, StoreError> {
        match self.value(column)? {
            Value::Bool(Some(v)) => Ok(*v),
            // SQLite has no booleans of its own.
            Value::Int(Some(v)) => Ok(*v != 0),
            Value::Bool(None) | Value::Int(None) | Value::Text(_) => Err(StoreError::Row(column)),
        }
    }

    pub(crate) fn time(&self, column: &'static str) -> Result<Option<Wall>, StoreError> {
        Ok(self.maybe_int(column)?.map(Wall))
    }

    /// A word of a closed enum, or an id.
    pub(crate) fn parsed<T: std::str::FromStr>(
        &self,
        column: &'static str,
    ) -> Result<T, StoreError> {
        self.text(column)?
            .parse()
            .map_err(|_| StoreError::Row(column))
    }
}
