//! The calls of each story, as `calls.txt` has them.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use local::Call;

/// Stories run at the same time, and the file is one.
static FILE: Mutex<()> = Mutex::new(());

fn path() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("crash/calls.txt")
}

/// Compares a story's calls with the file, or writes them there when `UPDATE_GOLDEN` is set.
pub(crate) fn compare(name: &str, trail: &[Call]) {
    let now = section(name, trail);
    let _one_at_a_time = FILE.lock().unwrap_or_else(PoisonError::into_inner);
    let text = std::fs::read_to_string(path()).unwrap_or_default();
    let mut sections: Vec<String> = text.split_inclusive("\n\n").map(str::to_owned).collect();
    let heading = format!("{name}: ");
    let at = sections.iter().position(|section| section.starts_with(&heading));
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        match at {
            Some(at) => sections[at] = now,
            None => sections.push(now),
        }
        sections.sort();
        std::fs::write(path(), sections.concat()).unwrap();
        return;
    }
    let pinned = at.map(|at| sections[at].clone()).unwrap_or_default();
    assert_eq!(
        now, pinned,
        "the calls of `{name}` are others than before: look at tests/crash/calls.txt, and write it \
         anew with UPDATE_GOLDEN=1"
    );
}

/// Each call with how often it is made. In what order is left out: some are made at the same time.
fn section(name: &str, trail: &[Call]) -> String {
    let mut counted: BTreeMap<String, usize> = BTreeMap::new();
    for Call { function, service, operation } in trail {
        let line = format!("{function} {service} {operation}");
        *counted.entry(line.trim().to_owned()).or_default() += 1;
    }
    let mut text = format!("{name}: K = {}\n", trail.len());
    for (call, times) in counted {
        writeln!(text, "  {times:>3} {call}").unwrap();
    }
    text.push('\n');
    text
}
