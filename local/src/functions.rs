//! The list of functions: the only place that names the function crates.

use crate::registry::Registry;

/// Every function of the platform.
pub fn registry() -> Registry {
    Registry::new([])
}
