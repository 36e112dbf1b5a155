//! Other files in place of those that were read: made first, put in force later.

use super::{Made, Tls, TlsError, TlsFiles, make};
use std::sync::PoisonError;

/// What other files said; nothing is changed by it until [`Tls::put_in_force`].
pub struct Ready {
    files: TlsFiles,
    made: Made,
}

impl Ready {
    /// Reads the files.
    ///
    /// # Errors
    /// A file that cannot be used.
    pub fn read(files: TlsFiles) -> Result<Self, TlsError> {
        let made = make(&files)?;
        Ok(Self { files, made })
    }
}

impl Tls {
    /// The next handshake is by these. Connections that are open keep what they were made with.
    pub fn put_in_force(&self, Ready { files, made }: Ready) {
        *self.files.write().unwrap_or_else(PoisonError::into_inner) = files;
        *self.made.write().unwrap_or_else(PoisonError::into_inner) = made;
    }
}
