//! Where `template.yaml` is.

use std::path::{Path, PathBuf};

const NAME: &str = "template.yaml";

/// The one that was asked for, else the nearest one from the current folder upwards, else the workspace's.
///
/// The workspace's path is a fact of the machine that built the binary, so an error names only the file.
pub(super) fn template(asked: Option<PathBuf>) -> PathBuf {
    let here = std::env::current_dir().ok();
    let upwards = here.iter().flat_map(|here| here.ancestors()).map(|folder| folder.join(NAME));
    let workspace = Path::new(env!("CARGO_MANIFEST_DIR")).parent().map(|root| root.join(NAME));
    asked
        .or_else(|| upwards.chain(workspace).find(|path| path.is_file()))
        .unwrap_or_else(|| PathBuf::from(NAME))
}
