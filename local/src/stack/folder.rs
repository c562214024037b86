//! The data folder: one process at a time, and only a folder that we made.

use std::fs::{self, File, TryLockError};
use std::io::Write;
use std::path::{Path, PathBuf};

use tempfile::TempDir;

use super::StartError;

/// Says that a folder is ours, so that `--reset` deletes nothing else.
const MARKER: &str = "tessera-data";
const LOCK: &str = "lock";

/// Where the platform keeps what it must not forget.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DataFolder {
    /// This folder; made when it is not there.
    Kept(PathBuf),
    /// A folder that goes away with the stack.
    Temporary,
}

/// An open data folder. The lock ends with it, also when the process dies.
#[derive(Debug)]
pub(crate) struct OpenFolder {
    path: PathBuf,
    _lock: File,
    _temporary: Option<TempDir>,
}

impl OpenFolder {
    /// Makes the folder when needed and locks it.
    pub(crate) fn open(folder: &DataFolder) -> Result<Self, StartError> {
        match folder {
            DataFolder::Kept(path) => Self::lock(path.clone(), None),
            DataFolder::Temporary => {
                let temporary = tempfile::Builder::new().prefix("tessera-").tempdir();
                let temporary =
                    temporary.map_err(|error| unwritable(&std::env::temp_dir(), &error))?;
                Self::lock(temporary.path().to_path_buf(), Some(temporary))
            }
        }
    }

    /// A path inside.
    pub(crate) fn join(&self, name: &str) -> PathBuf {
        self.path.join(name)
    }

    /// A folder inside, made when it is not there.
    pub(crate) fn folder(&self, name: &str) -> Result<PathBuf, StartError> {
        let path = self.join(name);
        fs::create_dir_all(&path).map_err(|error| unwritable(&self.path, &error))?;
        Ok(path)
    }

    /// Takes everybody else's right to read the databases, as the other files have it. What SQLite lays beside one of
    /// them has its rights.
    ///
    /// # Errors
    /// When the folder cannot be read or changed.
    pub(crate) fn close_databases(&self) -> Result<(), StartError> {
        let failed = |error: std::io::Error| unwritable(&self.path, &error);
        for entry in fs::read_dir(&self.path).map_err(failed)? {
            let path = entry.map_err(failed)?.path();
            let extension = path.extension().and_then(|extension| extension.to_str());
            if extension.is_some_and(|extension| extension.starts_with("sqlite")) {
                for_owner_only(&path).map_err(failed)?;
            }
        }
        Ok(())
    }

    fn lock(path: PathBuf, temporary: Option<TempDir>) -> Result<Self, StartError> {
        let failed = |error: std::io::Error| unwritable(&path, &error);
        fs::create_dir_all(&path).map_err(failed)?;
        let is_new = fs::read_dir(&path).map_err(failed)?.next().is_none();
        if !is_new && !path.join(MARKER).exists() {
            return Err(StartError::NotOurs(path.display().to_string()));
        }
        let marker = File::create(path.join(MARKER));
        marker
            .and_then(|mut file| {
                file.write_all(b"Made by tessera; `tessera --reset` deletes it.\n")
            })
            .map_err(failed)?;
        let lock = File::create(path.join(LOCK)).map_err(failed)?;
        match lock.try_lock() {
            Ok(()) => Ok(Self { path, _lock: lock, _temporary: temporary }),
            Err(TryLockError::WouldBlock) => Err(StartError::InUse(path.display().to_string())),
            Err(TryLockError::Error(error)) => Err(failed(error)),
        }
    }
}

#[cfg(unix)]
fn for_owner_only(path: &Path) -> std::io::Result<()> {
    use std::os::unix::fs::PermissionsExt;
    fs::set_permissions(path, fs::Permissions::from_mode(0o600))
}

#[cfg(not(unix))]
fn for_owner_only(_: &Path) -> std::io::Result<()> {
    Ok(())
}

/// Deletes a data folder, if we made it and no process uses it. One that is not there is fine.
///
/// # Errors
/// When it is not ours, in use, or cannot be deleted.
pub fn reset(path: &Path) -> Result<(), StartError> {
    if !path.exists() {
        return Ok(());
    }
    // Opening refuses a folder that is not ours, and one that is in use.
    let open = OpenFolder::open(&DataFolder::Kept(path.to_path_buf()))?;
    fs::remove_dir_all(path).map_err(|error| unwritable(path, &error))?;
    drop(open);
    Ok(())
}

fn unwritable(path: &Path, error: &std::io::Error) -> StartError {
    StartError::Unwritable { path: path.display().to_string(), reason: error.to_string() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_is_used_by_one_process_at_a_time() {
        let parent = tempfile::tempdir().unwrap();
        let folder = DataFolder::Kept(parent.path().join("data"));
        let first = OpenFolder::open(&folder).unwrap();
        assert!(matches!(OpenFolder::open(&folder), Err(StartError::InUse(_))));
        drop(first);
        OpenFolder::open(&folder).unwrap();
    }

    #[test]
    fn reset_deletes_only_a_folder_that_we_made() {
        let parent = tempfile::tempdir().unwrap();
        let foreign = parent.path().join("photos");
        fs::create_dir(&foreign).unwrap();
        fs::write(foreign.join("cat.png"), "meow").unwrap();
        assert!(matches!(reset(&foreign), Err(StartError::NotOurs(_))));
        assert!(foreign.join("cat.png").exists());

        let ours = parent.path().join("data");
        drop(OpenFolder::open(&DataFolder::Kept(ours.clone())).unwrap());
        reset(&ours).unwrap();
        assert!(!ours.exists());
        reset(&ours).unwrap();
    }

    #[cfg(unix)]
    #[test]
    fn databases_are_read_by_their_owner_only() {
        use std::os::unix::fs::PermissionsExt;
        let parent = tempfile::tempdir().unwrap();
        let folder = OpenFolder::open(&DataFolder::Kept(parent.path().join("data"))).unwrap();
        let names = ["table.sqlite", "table.sqlite-wal", "queues.sqlite"];
        for name in names {
            fs::write(folder.join(name), "").unwrap();
        }
        folder.close_databases().unwrap();
        for name in names {
            let mode = fs::metadata(folder.join(name)).unwrap().permissions().mode();
            assert_eq!(mode & 0o777, 0o600, "{name}");
        }
    }

    #[test]
    fn a_folder_that_cannot_be_made_is_named() {
        let parent = tempfile::tempdir().unwrap();
        let file = parent.path().join("file");
        fs::write(&file, "").unwrap();
        let error = OpenFolder::open(&DataFolder::Kept(file.join("data"))).unwrap_err();
        assert!(error.to_string().contains("file/data"), "{error}");
    }
}
