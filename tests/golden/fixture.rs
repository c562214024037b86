//! What the golden tests share: where files are, and environments that lead nowhere.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

use adapters::clock::Clock;
use adapters::environment::{Environment, plain_http_client};
use adapters::random::Random;
use local::template::{Facts, Template};
use local::{Handler, Options, Stack, TemplateSource};
use sha2::{Digest, Sha256};

/// The instant at which everything happens.
pub(crate) const NOON: &str = "2026-11-21T12:00:00Z";
/// Where the platform of the golden events says that it is.
const PUBLIC_URL: &str = "https://qr.example.com";
/// Where its patrons pay, as its pages say.
const CHECKOUT_ORIGIN: &str = "https://checkout.paystack.com";
/// Where their pages would have Paystack's script from.
const INLINE_SCRIPT_URL: &str = "https://js.paystack.co/v2/inline.js";

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

/// A platform that is the same each time.
pub(crate) fn options() -> Options {
    let source = TemplateSource::File(root().join("template.yaml"));
    Options {
        public_url: Some(PUBLIC_URL.to_owned()),
        // The simulator's own port is another one each time.
        parameters: BTreeMap::from([
            ("CheckoutOrigin".to_owned(), CHECKOUT_ORIGIN.to_owned()),
            ("InlineScriptUrl".to_owned(), INLINE_SCRIPT_URL.to_owned()),
        ]),
        clock: Clock::manual(NOON.parse().unwrap()),
        // The same whoever asks, and in whatever order: the secrets that events were sealed with.
        random: Random::from_fn(|bytes| bytes.fill(7)),
        ..Options::for_test(source, local::functions::registry())
    }
}

/// A function of a platform with random bytes that are its own and the same each time.
pub(crate) fn router(stack: &Stack, function: &str, seed: u64) -> Handler {
    let mut environment = stack.environment(function).unwrap().clone();
    let count = AtomicU64::new(0);
    environment.random = Random::from_fn(move |bytes| {
        for byte in bytes {
            let number = count.fetch_add(1, Ordering::Relaxed);
            *byte = Sha256::digest([seed.to_be_bytes(), number.to_be_bytes()].concat())[0];
        }
    });
    local::functions::registry().build(function).unwrap()(&environment).unwrap()
}

/// Whether golden files are written anew.
pub(crate) fn is_update() -> bool {
    std::env::var_os("UPDATE_GOLDEN").is_some()
}

/// Compares with a golden file, or writes it when `UPDATE_GOLDEN` is set.
pub(crate) fn golden(path: &Path, now: &str) {
    if is_update() {
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
