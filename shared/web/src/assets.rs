//! Files that pages load: embedded, each under a path with its hash, so that it may be kept for ever.

/// Declares scripts of pages, each by its file.
macro_rules! scripts {
    ($($(#[$doc:meta])* $name:ident = $file:literal;)+) => {$(
        $(#[$doc])*
        pub static $name: Asset = Asset {
            name: $file,
            content_type: "text/javascript; charset=utf-8",
            bytes: include_bytes!(concat!(env!("CARGO_MANIFEST_DIR"), "/assets/", $file)),
        };
    )+};
}

mod business;
mod staff;
mod wallet;

use domain::access::hex;
use sha2::{Digest, Sha256};

pub use business::{
    BUSINESS_CALLS, BUSINESS_LINES, BUSINESS_OFFLINE, BUSINESS_SCRIPT, BUSINESS_SHELF,
    BUSINESS_STORE, BUSINESS_TILL, BUSINESS_WORDS, BUSINESS_WORKER,
};
pub use staff::{STAFF_COUNTER, STAFF_SCRIPT};
pub use wallet::{
    DRAWING_SCRIPT, WALLET_KEPT, WALLET_OFFLINE, WALLET_SCRIPT, WALLET_SIGNED, WALLET_WORKER,
};

/// The stylesheet of every page.
pub static STYLESHEET: Asset = Asset {
    name: "tessera.css",
    content_type: "text/css; charset=utf-8",
    bytes: include_bytes!("../assets/tessera.css"),
};

scripts! {
    /// The redirect of the scan page.
    SCAN_SCRIPT = "scan.js";

    /// What makes the tip page quicker, and counts its scans.
    TIP_SCRIPT = "tip.js";

    /// What asks for a tip's status after the payment.
    TIP_STATUS_SCRIPT = "tip-status.js";

    /// What sends a guard's photo.
    DESK_PHOTO_SCRIPT = "desk-photo.js";

    /// What keeps the figures of a page up to date.
    DESK_LIVE_SCRIPT = "desk-live.js";

    /// What counts the scans of a voucher's page, and shares it.
    VOUCHER_SCRIPT = "voucher.js";

    /// What renews a customer's code in time.
    VOUCHER_CODE_SCRIPT = "voucher-code.js";

    /// What reads codes with the camera.
    SCANNER_SCRIPT = "scanner.js";

    /// The verifier of vouchers' tokens in a page, and the scanner's worker.
    READER_SCRIPT = "reader.js";
}

/// What both of them run: the `browser` crate. Empty when it was built without Rust's target for WebAssembly.
static READER_MODULE: Asset = Asset {
    name: "reader.wasm",
    content_type: "application/wasm",
    bytes: include_bytes!(concat!(env!("OUT_DIR"), "/browser.wasm")),
};

/// The module of [`READER_SCRIPT`], if this build has it: without it a page says that a code has to be typed.
pub fn reader_module() -> Option<&'static Asset> {
    Some(&READER_MODULE).filter(|module| !module.bytes.is_empty())
}

/// What draws codes in a page: the `drawing` crate. Empty like the other.
static DRAWING_MODULE: Asset = Asset {
    name: "drawing.wasm",
    content_type: "application/wasm",
    bytes: include_bytes!(concat!(env!("OUT_DIR"), "/drawing.wasm")),
};

/// The module of [`DRAWING_SCRIPT`], if this build has it: without it a page draws nothing itself.
pub fn drawing_module() -> Option<&'static Asset> {
    Some(&DRAWING_MODULE).filter(|module| !module.bytes.is_empty())
}

/// Every file.
pub static ALL: [&Asset; 27] = [
    &STYLESHEET,
    &SCAN_SCRIPT,
    &TIP_SCRIPT,
    &TIP_STATUS_SCRIPT,
    &DESK_PHOTO_SCRIPT,
    &DESK_LIVE_SCRIPT,
    &VOUCHER_SCRIPT,
    &VOUCHER_CODE_SCRIPT,
    &SCANNER_SCRIPT,
    &READER_SCRIPT,
    &READER_MODULE,
    &BUSINESS_SCRIPT,
    &BUSINESS_CALLS,
    &BUSINESS_LINES,
    &BUSINESS_OFFLINE,
    &BUSINESS_SHELF,
    &BUSINESS_STORE,
    &BUSINESS_TILL,
    &BUSINESS_WORDS,
    &STAFF_SCRIPT,
    &STAFF_COUNTER,
    &DRAWING_MODULE,
    &DRAWING_SCRIPT,
    &WALLET_KEPT,
    &WALLET_OFFLINE,
    &WALLET_SCRIPT,
    &WALLET_SIGNED,
];

/// What the scanner's worker may do: load and compile the module, nothing else.
const WORKER_POLICY: &str =
    "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; connect-src 'self'; base-uri 'none'";
/// Digits of the hash in a path.
const HASH_DIGITS: usize = 16;

/// One embedded file.
#[derive(Debug)]
pub struct Asset {
    /// Its name, the last part of its path.
    pub name: &'static str,
    /// Its media type.
    pub content_type: &'static str,
    /// What is in it.
    pub bytes: &'static [u8],
}

impl Asset {
    /// The beginning of the SHA-256 of its bytes.
    pub fn hash(&self) -> String {
        let mut hash = hex(&Sha256::digest(self.bytes));
        hash.truncate(HASH_DIGITS);
        hash
    }

    /// Its path: `/assets/{hash}/{name}`.
    pub fn path(&self) -> String {
        format!("/assets/{}/{}", self.hash(), self.name)
    }

    /// The policy that it brings along, where it is not the one of every answer: a worker has its own, and
    /// this one compiles the module.
    pub fn content_policy(&self) -> Option<&'static str> {
        (self.name == READER_SCRIPT.name).then_some(WORKER_POLICY)
    }

    /// The file at `/assets/{hash}/{name}`.
    pub fn find(hash: &str, name: &str) -> Option<&'static Asset> {
        let there = |asset: &&Asset| !asset.bytes.is_empty() && asset.name == name;
        ALL.into_iter().filter(there).find(|asset| asset.hash() == hash)
    }
}
