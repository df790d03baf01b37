//! Files that come in and go out: chosen in the system's own dialog and read here, so that the page sees neither a path
//! nor a value (W-07).

use std::path::{Path, PathBuf};

use keyward_api::wire::{Code, Error};
use keyward_engine::import::Format;

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
}
