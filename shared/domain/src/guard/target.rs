//! What a guard's code leads to: everything that its page and a tip need, so that they read one record.

use serde::{Deserialize, Serialize};

use super::{Guard, GuardQr, GuardQrStatus, GuardStatus, GuardToken, TipPageState};
use crate::id::{GuardId, GuardQrId, TenantId};
use crate::render::Rgb;
use crate::tenant::Tenant;
use crate::tip::TipSettings;

/// The record behind `/g/{token}`. It follows the guard in the same write, and the tenant's settings by its rollout.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TipTarget {
    /// Whose guard it is.
    pub tenant: TenantId,
    /// The guard.
    pub guard: GuardId,
    /// The code.
    pub code: GuardQrId,
    /// What its path carries.
    pub token: GuardToken,
    /// Whether the code works.
    pub code_status: GuardQrStatus,
    /// Whether the guard takes tips.
    pub guard_status: GuardStatus,
    /// The guard's public name: see [`super::GuardProfile::display_name`].
    pub name: String,
    /// The key of the published photo.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub photo: Option<String>,
    /// The tenant's name.
    pub tenant_name: String,
    /// The colour of its pages.
    pub brand_color: Rgb,
    /// What tips are taken.
    pub tips: TipSettings,
}

impl TipTarget {
    /// The record of a code of this guard and tenant, as they are now.
    pub fn of(code: &GuardQr, guard: &Guard, tenant: &Tenant) -> Self {
        Self {
            tenant: tenant.id.clone(),
            guard: guard.id.clone(),
            code: code.id.clone(),
            token: code.token.clone(),
            code_status: code.status,
            guard_status: guard.status,
            name: guard.profile.display_name(),
            photo: guard.photo.clone(),
            tenant_name: tenant.settings.name.clone(),
            brand_color: tenant.settings.brand_color,
            tips: tenant.settings.tips.clone(),
        }
    }

    /// What its page shows, and whether a tip is taken.
    pub fn state(&self) -> TipPageState {
        TipPageState::of(self.code_status, self.guard_status)
    }
}
