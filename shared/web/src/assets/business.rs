//! The modules of the business page, and the worker that keeps its shell for a reload without a network.

use super::Asset;

scripts! {
    /// Where the business page begins: who is at the till.
    BUSINESS_SCRIPT = "business.js";

    /// The platform's routes as a till calls them.
    BUSINESS_CALLS = "business-calls.js";

    /// The last redemptions, and rolling back.
    BUSINESS_LINES = "business-lines.js";

    /// Whether a code is good without asking the platform.
    BUSINESS_OFFLINE = "business-offline.js";

    /// What a device has for the time without a network.
    BUSINESS_SHELF = "business-shelf.js";

    /// What a till keeps in the browser.
    BUSINESS_STORE = "business-store.js";

    /// Reading, showing and redeeming one code after another.
    BUSINESS_TILL = "business-till.js";

    /// What a till says.
    BUSINESS_WORDS = "business-words.js";

    /// The worker. It is served at an address of its own below the pages that it is for: its scope is its folder.
    BUSINESS_WORKER = "business-worker.js";
}
