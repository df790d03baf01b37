//! Files that come in and go out: chosen in the system's own dialog and read here, so that the page sees neither a path
//! nor a value (W-07).

use std::{
    fs::{self, File},
    io,
    path::{Path, PathBuf},
};

use keyward_api::wire::{Code, Error};
use keyward_engine::import::Format;
use keyward_model::plain;

/// Asks for the file or folder to import; `None` when the person cancelled.
pub fn ask_for(format: Format) -> Option<PathBuf> {
    let dialog = rfd::FileDialog::new();
    if format.is_folder() {
        return dialog.set_title("Choose the folder of pass").pick_folder();
    }
    let endings: &[&str] = match format {
        Format::Json | Format::Bitwarden | Format::Postman | Format::Insomnia => &["json"],
        Format::Csv | Format::OnePasswordCsv => &["csv", "tsv", "txt"],
        Format::Age => &["age"],
        Format::Kdbx => &["kdbx"],
        Format::OnePux => &["1pux", "zip"],
        // `.env`, `.env.local`, `production.env`: no ending tells them.
        Format::Env | Format::Pass => &[],
    };
    let dialog = dialog.set_title("Choose the file to import");
    if endings.is_empty() {
        return dialog.pick_file();
    }
    dialog
        .add_filter("Exports", endings)
        .add_filter("All files", &["*"])
        .pick_file()
}

/// Asks for a roster of auth clients; `None` when the person cancelled.
pub fn ask_for_roster() -> Option<PathBuf> {
    rfd::FileDialog::new()
        .set_title("Choose the file to import")
        .add_filter("CSV and JSON", &["csv", "json"])
        .add_filter("All files", &["*"])
        .pick_file()
}

/// Asks where an export goes; `None` when the person cancelled.
pub fn ask_where(name: &str) -> Option<PathBuf> {
    rfd::FileDialog::new()
        .set_title("Save the export")
        .set_file_name(name)
        .save_file()
}

/// What the page may call a file: its last part.
pub fn shown(path: &Path) -> String {
    path.file_name()
        .unwrap_or(path.as_os_str())
        .to_string_lossy()
        .into_owned()
}

/// Opens a file that was chosen, to read it. What is no regular file is not even opened: a pipe would wait for somebody
/// to write.
///
/// # Errors
/// `usage`, which names the last part alone.
pub fn open(path: &Path) -> Result<File, Error> {
    let told = fs::metadata(path).map_err(|error| unreadable(path, &error))?;
    if !told.is_file() {
        let message = format!("{} is no regular file.", shown(path));
        return Err(Error::new(Code::Usage, message, "Choose another file."));
    }
    File::open(path).map_err(|error| unreadable(path, &error))
}

/// Why a file that was chosen cannot be read.
pub fn unreadable(path: &Path, error: &io::Error) -> Error {
    let message = format!("{} cannot be read: {}.", shown(path), plain::why(error.kind()));
    Error::new(Code::Usage, message, "Choose another file.")
}

/// The format of CLI.md's name.
///
/// # Errors
/// `usage` for another.
pub fn format(name: &str) -> Result<Format, Error> {
    Format::parse(name).ok_or_else(|| Error::usage("format: there is no such one"))
}

/// A request that comes before a file was chosen.
pub fn nothing_chosen() -> Error {
    Error::new(Code::NotFound, "No file was chosen.", "Choose it again.")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn w07_the_page_is_told_the_last_part_alone() {
        assert_eq!(shown(Path::new("/home/me/secret-client/.env")), ".env");
        assert_eq!(shown(Path::new("/")), "/");
        assert!(format("kdbx").is_ok() && format("../x").is_err());
    }

    #[test]
    fn w07_w09_only_a_regular_file_is_opened() {
        let folder = std::env::temp_dir().join(format!("kw-open-{}", std::process::id()));
        fs::create_dir_all(&folder).unwrap();
        let refused = |path: &Path| open(path).unwrap_err().message;
        assert!(refused(&folder).ends_with("is no regular file."));
        assert!(refused(&folder.join("x")).starts_with("x cannot be read"));
        #[cfg(unix)]
        {
            let pipe = folder.join("pipe");
            let made = std::process::Command::new("mkfifo").arg(&pipe).status();
            assert!(made.unwrap().success());
            assert_eq!(refused(&pipe), "pipe is no regular file.");
        }
        fs::remove_dir_all(&folder).unwrap();
    }
}
