//! The modules of a customer's wallet, and the worker that keeps its shell for a time without a network.

use super::Asset;

scripts! {
    /// What draws codes in a page, and makes the bytes of those that a customer's device signs.
    DRAWING_SCRIPT = "drawing.js";

    /// What a wallet keeps in the browser.
    WALLET_KEPT = "wallet-kept.js";

    /// The wallet without a network.
    WALLET_OFFLINE = "wallet-offline.js";

    /// Where the wallet begins: the codes that the platform issues.
    WALLET_SCRIPT = "wallet.js";

    /// Codes that the customer's own device signs.
    WALLET_SIGNED = "wallet-signed.js";

    /// The worker. It is served at an address of its own below the pages that it is for: its scope is its folder.
    WALLET_WORKER = "wallet-worker.js";
}
