//! What the golden tests share: where files are, and environments that lead nowhere.

use std::path::{Path, PathBuf};

use adapters::clock::Clock;
use adapters::environment::{Environment, plain_http_client};
use adapters::random::Random;
use local::template::{Facts, Template};

/// The repository's folder.
pub(crate) fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_owned()
}

/// `template.yaml` as this machine would read it.
pub(crate) fn template() -> Template {
    Template::read(&root().join("template.yaml"), &Facts::default()).unwrap()
}

/// An environment with every function's variables, whose addresses lead nowhere.
pub(crate) fn environment_to_nowhere() -> Environment {
    let template = template();
    let variables = template.functions().iter().flat_map(|function| function.variables.clone());
    let aws = ["AWS_REGION", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"];
    let aws = aws.map(|name| (name.to_owned(), "nowhere".to_owned()));
    let random = Random::from_fn(|bytes| bytes.fill(7));
    let clock = Clock::manual(jiff::Timestamp::UNIX_EPOCH);
    Environment::new(variables.chain(aws), plain_http_client(), clock, random)
}

/// Compares with a golden file, or writes it when `UPDATE_GOLDEN` is set.
pub(crate) fn golden(path: &Path, now: &str) {
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        std::fs::write(path, now).unwrap();
        return;
    }
    let kept = std::fs::read_to_string(path).unwrap_or_default();
    let name = path.display();
    assert!(
        kept == now,
        "{name} is not what the code says; UPDATE_GOLDEN=1 writes it anew:\n{}",
        difference(&kept, now)
    );
}

/// The first lines that differ.
fn difference(kept: &str, now: &str) -> String {
    let (kept, now): (Vec<&str>, Vec<&str>) = (kept.lines().collect(), now.lines().collect());
    let at = kept.iter().zip(&now).take_while(|(kept, now)| kept == now).count();
    let show = |lines: &[&str], sign: &str| {
        let shown = lines.iter().skip(at).take(8);
        shown.map(|line| format!("{sign} {line}\n")).collect::<String>()
    };
    format!("line {}:\n{}{}", at + 1, show(&kept, "-"), show(&now, "+"))
}
