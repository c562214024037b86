//! The repository's text files, and `template.yaml`, as all tests here read them.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

use local::Template;
use local::template::Facts;

/// A text file of the repository.
pub(crate) struct Source {
    /// From the repository's folder, with slashes.
    pub(crate) path: String,
    pub(crate) text: String,
}

impl Source {
    /// The lines with their numbers, from 1.
    pub(crate) fn lines(&self) -> impl Iterator<Item = (usize, &str)> {
        self.text.lines().enumerate().map(|(index, line)| (index + 1, line))
    }

    /// The file's name without its folders.
    pub(crate) fn name(&self) -> &str {
        self.path.rsplit('/').next().unwrap()
    }
}

/// The repository's folder.
pub(crate) fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_owned()
}

/// All text files that are tracked, or would be with the next `git add`.
pub(crate) fn all() -> &'static [Source] {
    static ALL: OnceLock<Vec<Source>> = OnceLock::new();
    ALL.get_or_init(|| {
        let list = Command::new("git")
            .args(["ls-files", "-z", "--cached", "--others", "--exclude-standard"])
            .current_dir(root())
            .output()
            .expect("git lists the files");
        assert!(list.status.success(), "git lists no files: this is not a clone");
        let list = String::from_utf8(list.stdout).unwrap();
        let read = |path: &str| {
            // A file may be gone from disk before it is gone from the index; an image is no text.
            let text = std::fs::read_to_string(root().join(path)).ok()?;
            Some(Source { path: path.to_owned(), text })
        };
        list.split_terminator('\0').filter_map(read).collect()
    })
}

/// All Rust files.
pub(crate) fn rust() -> impl Iterator<Item = &'static Source> {
    all().iter().filter(|source| source.path.ends_with(".rs"))
}

/// All Rust files below a folder.
pub(crate) fn rust_in(folder: &str) -> impl Iterator<Item = &'static Source> {
    rust().filter(move |source| source.path.starts_with(folder))
}

/// One file.
pub(crate) fn file(path: &str) -> &'static Source {
    let found = all().iter().find(|source| source.path == path);
    found.unwrap_or_else(|| panic!("there is no {path}"))
}

/// `template.yaml`, read as the local process reads it.
pub(crate) fn template() -> Template {
    Template::parse(&file("template.yaml").text, &Facts::default()).unwrap()
}

/// Fails with one line per violation, if there are any.
pub(crate) fn none(violations: Vec<String>, rule: &str) {
    assert!(violations.is_empty(), "{rule}:\n  {}\n", violations.join("\n  "));
}
