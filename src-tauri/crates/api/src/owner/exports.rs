//! Export.

use std::{path::Path, sync::Arc};

use keyward_engine::{
    Engine,
    access::Caller,
    export::{self, Shape},
};

use super::Result;
use crate::wire::{self, Error};

/// Writes an export to a new file.
///
/// # Errors
/// `usage`, `locked` for the passphrase of the vault, `conflict` when the file is there.
pub fn write(engine: &Arc<Engine>, caller: &Caller, request: wire::ExportWrite) -> Result<wire::Exported> {
    let path = Path::new(&request.path);
    if !path.is_absolute() {
        return Err(Error::usage("path: it must be absolute."));
    }
    let shape = match &request.shape {
        wire::ExportShape::Passphrase(passphrase) => Shape::Passphrase(&passphrase.0),
        wire::ExportShape::Recipients(recipients) => Shape::Recipients(recipients),
        wire::ExportShape::Plaintext => Shape::PlainText,
        wire::ExportShape::Structure => Shape::Structure,
    };
    let given = request.passphrase.as_ref().map(|passphrase| &passphrase.0);
    let exported = export::write(engine, caller, path, &shape, given)?;
    Ok(wire::Exported {
        path: request.path,
        items: exported.items,
        environments: exported.environments,
        remarks: exported.remarks,
    })
}
