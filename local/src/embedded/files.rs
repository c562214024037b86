//! Small durable files: written beside their place and then renamed, so a reader sees the old or the new one whole.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::path::Path;

use serde::Serialize;
use serde::de::DeserializeOwned;

/// Who may read a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Readers {
    /// Whoever may read the folder.
    Anyone,
    /// Only the user that runs the process (mode 0600).
    Owner,
}

/// Writes the value as JSON, replacing the file.
pub(crate) fn replace(path: &Path, value: &impl Serialize, readers: Readers) -> io::Result<()> {
    let beside = path.with_extension("new");
    let mut file = create(&beside, readers)?;
    file.write_all(&serde_json::to_vec_pretty(value)?)?;
    // What only its owner may read cannot be made again, so it is kept through a power cut too.
    if readers == Readers::Owner {
        file.sync_data()?;
    }
    drop(file);
    fs::rename(&beside, path)
}

/// Reads the value, or the default when the file does not exist yet.
pub(crate) fn read_or_default<T: DeserializeOwned + Default>(path: &Path) -> io::Result<T> {
    match fs::read(path) {
        Ok(bytes) => Ok(serde_json::from_slice(&bytes)?),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(T::default()),
        Err(error) => Err(error),
    }
}

fn create(path: &Path, readers: Readers) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    if readers == Readers::Owner {
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    }
    #[cfg(not(unix))]
    let _ = readers;
    options.open(path)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    #[test]
    fn a_secret_file_is_replaced_whole_and_read_by_its_owner_only() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("secrets.json");
        assert!(read_or_default::<BTreeMap<String, u8>>(&path).unwrap().is_empty());
        for n in [1, 2] {
            replace(&path, &BTreeMap::from([("a", n)]), Readers::Owner).unwrap();
        }
        let read: BTreeMap<String, u8> = read_or_default(&path).unwrap();
        assert_eq!(read["a"], 2);
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        }
    }
}
