//! Files that pages load: embedded, each under a path with its hash, so that it may be kept for ever.

use domain::access::hex;
use sha2::{Digest, Sha256};

/// The stylesheet of every page.
pub static STYLESHEET: Asset = Asset {
    name: "tessera.css",
    content_type: "text/css; charset=utf-8",
    bytes: include_bytes!("../assets/tessera.css"),
};

/// The redirect of the scan page.
pub static SCAN_SCRIPT: Asset = Asset {
    name: "scan.js",
    content_type: "text/javascript; charset=utf-8",
    bytes: include_bytes!("../assets/scan.js"),
};

/// What makes the tip page quicker, and counts its scans.
pub static TIP_SCRIPT: Asset = Asset {
    name: "tip.js",
    content_type: "text/javascript; charset=utf-8",
    bytes: include_bytes!("../assets/tip.js"),
};

/// What asks for a tip's status after the payment.
pub static TIP_STATUS_SCRIPT: Asset = Asset {
    name: "tip-status.js",
    content_type: "text/javascript; charset=utf-8",
    bytes: include_bytes!("../assets/tip-status.js"),
};

/// What sends a guard's photo.
pub static DESK_PHOTO_SCRIPT: Asset = Asset {
    name: "desk-photo.js",
    content_type: "text/javascript; charset=utf-8",
    bytes: include_bytes!("../assets/desk-photo.js"),
};

/// What keeps the figures of a page up to date.
pub static DESK_LIVE_SCRIPT: Asset = Asset {
    name: "desk-live.js",
    content_type: "text/javascript; charset=utf-8",
    bytes: include_bytes!("../assets/desk-live.js"),
};

/// Every file.
pub static ALL: [&Asset; 6] = [
    &STYLESHEET,
    &SCAN_SCRIPT,
    &TIP_SCRIPT,
    &TIP_STATUS_SCRIPT,
    &DESK_PHOTO_SCRIPT,
    &DESK_LIVE_SCRIPT,
];

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

    /// The file at `/assets/{hash}/{name}`.
    pub fn find(hash: &str, name: &str) -> Option<&'static Asset> {
        ALL.into_iter().find(|asset| asset.name == name && asset.hash() == hash)
    }
}
