//! Room on the disk that is kept for the one write that must not fail: new tokens, whose old ones the provider no
//! longer takes (O-72).

use std::{io::Write, path::PathBuf};

use keyward_model::name::VaultName;

use crate::{error::Result, files, home::Home, platform};

/// Enough for the log of a few commits with the largest answers.
const SIZE: u64 = 4 * 1024 * 1024;

/// Makes the ballast of a vault, where there is none. A disk that is too small for it has none.
///
/// # Errors
/// [`crate::error::Error::Storage`] when there is no room; [`crate::error::Error::Unsafe`] when the folder is not
/// private. A host goes on without it.
pub fn keep(home: &Home, name: &VaultName) -> Result<()> {
    let path = path(home, name);
    files::check_private_below(home.root(), &home.vault_dir(name))?;
    if path.symlink_metadata().is_ok() {
        return Ok(());
    }
    let mut file = files::create_new_private(&path)?;
    let filled = match platform::reserve(&file, SIZE) {
        // Not every file system can promise room; bytes take it.
        Ok(false) => write_all(&mut file),
        other => other.map(drop),
    };
    if let Err(error) = filled {
        let _ = std::fs::remove_file(&path);
        return Err(files::io_failed("write", &path, &error));
    }
    Ok(())
}

/// Gives the room back to the disk; whether there was any.
#[must_use]
pub fn release(home: &Home, name: &VaultName) -> bool {
    std::fs::remove_file(path(home, name)).is_ok()
}

fn write_all(file: &mut std::fs::File) -> std::io::Result<()> {
    let block = [0; 64 * 1024];
    for _ in 0..SIZE / block.len() as u64 {
        file.write_all(&block)?;
    }
    Ok(())
}

fn path(home: &Home, name: &VaultName) -> PathBuf {
    home.vault_dir(name).join("ballast")
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    #[test]
    fn o72_ballast_is_kept_once_and_given_back() {
        let top = tempfile::tempdir().unwrap();
        let home = Home::open(&top.path().join("home")).unwrap();
        let name: VaultName = "main".parse().unwrap();
        home.create_vault_dir(&name).unwrap();
        keep(&home, &name).unwrap();
        keep(&home, &name).unwrap();
        let kept = path(&home, &name);
        assert_eq!(kept.metadata().unwrap().len(), SIZE);
        assert!(release(&home, &name) && !release(&home, &name));
        // Where the file system promises no room, bytes take as much.
        let mut written = files::create_new_private(&kept).unwrap();
        write_all(&mut written).unwrap();
        assert_eq!(kept.metadata().unwrap().len(), SIZE);
        assert!(release(&home, &name));
        // Never through somebody else's link.
        std::os::unix::fs::symlink("/dev/null", &kept).unwrap();
        keep(&home, &name).unwrap();
        assert!(kept.symlink_metadata().unwrap().is_symlink());
    }
}
