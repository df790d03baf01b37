//! Copying and saving the recovery key while it is offered.

use std::{
    fs,
    io::{self, Write},
    path::{Path, PathBuf},
};

use keyward_api::wire::{Code, Error};
use keyward_engine::{
    home::{new_private, sync_dir},
    recovery::offered,
};
use keyward_model::{SecretValue, plain};
use zeroize::Zeroizing;

use crate::desk::Desk;

const NAME: &str = "keyward-recovery-key.txt";

/// Asks for a place with the system's own dialog and writes the key there (0600); `None` when the person cancelled.
///
/// # Errors
/// `not_found` when no key is on offer, `internal` when the file cannot be written.
pub fn save(desk: &Desk) -> Result<Option<PathBuf>, Error> {
    let key = offered(&*desk.engine()?)?;
    let asked = rfd::FileDialog::new()
        .set_title("Save the recovery key")
        .set_file_name(NAME)
        .save_file();
    let Some(path) = asked else { return Ok(None) };
    write(&path, &key).map_err(|error| {
        let message = format!(
            "{} could not be written: {}.",
            path.display(),
            plain::why(error.kind())
        );
        Error::new(Code::Internal, message, "Choose another folder.")
    })?;
    Ok(Some(path))
}

/// Written beside its place and moved there: never half a key, never readable by others, a link is not followed.
fn write(path: &Path, key: &SecretValue) -> io::Result<()> {
    let mut name = path.file_name().ok_or(io::ErrorKind::InvalidInput)?.to_owned();
    name.push(format!(".{}", std::process::id()));
    let fresh = path.with_file_name(name);
    let mut line = Zeroizing::new(Vec::with_capacity(key.len() + 1));
    line.extend_from_slice(key.expose());
    line.push(b'\n');
    let mut file = new_private(&fresh)?;
    let written = file
        .write_all(&line)
        .and_then(|()| file.sync_all())
        .and_then(|()| fs::rename(&fresh, path));
    if written.is_err() {
        let _ = fs::remove_file(&fresh);
    }
    written?;
    match path.parent() {
        Some(folder) => sync_dir(folder).map_err(io::Error::other),
        None => Ok(()),
    }
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt;

    #[test]
    fn the_file_is_private_and_replaces_what_was_there() {
        let folder = std::env::temp_dir().join(format!("kw-recovery-{}", std::process::id()));
        fs::create_dir_all(&folder).unwrap();
        let path = folder.join(NAME);
        fs::write(&path, "old").unwrap();
        write(&path, &SecretValue::from("AAAA-BBBB")).unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), "AAAA-BBBB\n");
        assert_eq!(path.metadata().unwrap().permissions().mode() & 0o777, 0o600);
        assert_eq!(fs::read_dir(&folder).unwrap().count(), 1);
        fs::remove_dir_all(&folder).unwrap();
    }
}
