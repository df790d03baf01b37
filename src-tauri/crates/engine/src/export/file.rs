//! The file of an export: beside its place until it is whole, and never over another.

use std::{
    fs::{self, File},
    io::{self, BufWriter, Write},
    path::{Path, PathBuf},
};

use keyward_model::plain;
use keyward_vault::files;

use crate::{Error, Kind, Result, backup::a_place};

/// A file that is being written; dropped before [`New::keep`], nothing of it stays.
pub(super) struct New {
    out: Option<BufWriter<File>>,
    fresh: PathBuf,
    path: PathBuf,
}

impl New {
    /// Begins a file that will lie at `path`.
    pub(super) fn beside(path: &Path) -> Result<Self> {
        if fs::symlink_metadata(path).is_ok() {
            return Err(taken(path));
        }
        a_place(path)?;
        let Some(name) = path.file_name() else {
            return Err(Error::invalid(format!("{}: it is no file name.", path.display())));
        };
        let fresh = path.with_file_name(format!(
            ".{}.{}.keyward",
            name.to_string_lossy(),
            std::process::id()
        ));
        let file = files::new_private(&fresh).map_err(|error| failed(path, &error))?;
        Ok(Self {
            out: Some(BufWriter::new(file)),
            fresh,
            path: path.to_owned(),
        })
    }

    /// Where it will lie.
    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Puts it in its place, on the disk.
    pub(super) fn keep(mut self) -> Result<()> {
        let out = self.out.take();
        let synced = out
            .ok_or_else(|| io::Error::other("closed"))
            .and_then(|out| out.into_inner().map_err(io::IntoInnerError::into_error))
            .and_then(|file| file.sync_all());
        synced.map_err(|error| failed(&self.path, &error))?;
        files::rename_new(&self.fresh, &self.path).map_err(|error| match error.kind() {
            io::ErrorKind::AlreadyExists => taken(&self.path),
            _ => failed(&self.path, &error),
        })?;
        if let Some(folder) = self.path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
            // The file is whole whatever comes of this; a folder that cannot be synced loses at most its name.
            let _ = files::sync_dir(folder);
        }
        Ok(())
    }
}

impl Write for New {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match &mut self.out {
            Some(out) => out.write(bytes),
            None => Err(io::ErrorKind::BrokenPipe.into()),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        self.out.as_mut().map_or(Ok(()), Write::flush)
    }
}

impl Drop for New {
    fn drop(&mut self) {
        // After `keep` there is nothing under this name.
        drop(self.out.take());
        let _ = fs::remove_file(&self.fresh);
    }
}

fn taken(path: &Path) -> Error {
    Error::new(
        Kind::Conflict,
        format!("{} is there already.", path.display()),
        "Choose another name; an export never replaces a file.",
    )
}

pub(super) fn failed(path: &Path, error: &io::Error) -> Error {
    use io::ErrorKind as K;
    // A place that takes no file is a wrong argument; a disk that fails is not.
    let kind = match error.kind() {
        K::NotFound
        | K::NotADirectory
        | K::IsADirectory
        | K::PermissionDenied
        | K::ReadOnlyFilesystem
        | K::InvalidFilename => Kind::Invalid,
        _ => Kind::Internal,
    };
    Error::new(
        kind,
        format!(
            "{} could not be written: {}.",
            path.display(),
            plain::why(error.kind())
        ),
        "Check free space and permissions of the folder; no file was left behind.",
    )
}
