//! The modules of the page of a restaurant's staff.

use super::Asset;

scripts! {
    /// Where the page begins: who has signed in.
    STAFF_SCRIPT = "staff.js";

    /// One customer after another at the counter.
    STAFF_COUNTER = "staff-counter.js";
}
