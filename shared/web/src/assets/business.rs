//! The modules of the business page, and the worker that keeps its shell for a reload without a network.

use super::Asset;

const SCRIPT: &str = "text/javascript; charset=utf-8";

/// Where the business page begins: who is at the till.
pub static BUSINESS_SCRIPT: Asset = Asset {
    name: "business.js",
    content_type: SCRIPT,
    bytes: include_bytes!("../../assets/business.js"),
};

/// The platform's routes as a till calls them.
pub static BUSINESS_CALLS: Asset = Asset {
    name: "business-calls.js",
    content_type: SCRIPT,
    bytes: include_bytes!("../../assets/business-calls.js"),
};

/// The last redemptions, and rolling back.
pub static BUSINESS_LINES: Asset = Asset {
    name: "business-lines.js",
    content_type: SCRIPT,
    bytes: include_bytes!("../../assets/business-lines.js"),
};

/// Whether a code is good without asking the platform.
pub static BUSINESS_OFFLINE: Asset = Asset {
    name: "business-offline.js",
    content_type: SCRIPT,
    bytes: include_bytes!("../../assets/business-offline.js"),
};

/// What a device has for the time without a network.
pub static BUSINESS_SHELF: Asset = Asset {
    name: "business-shelf.js",
    content_type: SCRIPT,
    bytes: include_bytes!("../../assets/business-shelf.js"),
};

/// What a till keeps in the browser.
pub static BUSINESS_STORE: Asset = Asset {
    name: "business-store.js",
    content_type: SCRIPT,
    bytes: include_bytes!("../../assets/business-store.js"),
};

/// Reading, showing and redeeming one code after another.
pub static BUSINESS_TILL: Asset = Asset {
    name: "business-till.js",
    content_type: SCRIPT,
    bytes: include_bytes!("../../assets/business-till.js"),
};

/// What a till says.
pub static BUSINESS_WORDS: Asset = Asset {
    name: "business-words.js",
    content_type: SCRIPT,
    bytes: include_bytes!("../../assets/business-words.js"),
};

/// The worker. It is served at an address of its own below the pages that it is for, because its scope is its folder.
pub static BUSINESS_WORKER: Asset = Asset {
    name: "business-worker.js",
    content_type: SCRIPT,
    bytes: include_bytes!("../../assets/business-worker.js"),
};
