//! The codes of guards: each that was ever printed, and what the page behind it reads.

use aws_sdk_dynamodb::types::TransactWriteItem;
use domain::guard::{Guard, GuardQr, GuardQrStatus, GuardRefused, GuardToken, TipTarget};
use domain::id::{GuardId, GuardQrId, TenantId};
use domain::tenant::Tenant;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::target::attribute;
use super::{Answer, Claim, Item, StoreError, Table, encode, keys, number, text};

const KIND: &str = "guard_code";
const TARGET_KIND: &str = "tip_target";

/// A code, with the signed text that is printed in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredGuardCode {
    /// The code.
    pub code: GuardQr,
    /// The signed token (X11).
    pub signed: String,
}

#[derive(Serialize, Deserialize)]
struct GuardCodeItem {
    id: GuardQrId,
    guard: GuardId,
    token: GuardToken,
    status: GuardQrStatus,
    created_at: Timestamp,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    revoked_at: Option<Timestamp>,
    signed: String,
}

impl GuardCodeItem {
    fn from_domain(code: &GuardQr, signed: &str) -> Self {
        Self {
            id: code.id.clone(),
            guard: code.guard.clone(),
            token: code.token.clone(),
            status: code.status,
            created_at: code.created_at,
            revoked_at: code.revoked_at,
            signed: signed.to_owned(),
        }
    }

    fn into_domain(self) -> StoredGuardCode {
        let code = GuardQr {
            id: self.id,
            guard: self.guard,
            token: self.token,
            status: self.status,
            created_at: self.created_at,
            revoked_at: self.revoked_at,
        };
        StoredGuardCode { code, signed: self.signed }
    }
}

impl Table {
    /// What a guard's code leads to: the one read of its page and of a tip.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn tip_target(&self, token: &GuardToken) -> Result<Option<TipTarget>, StoreError> {
        self.read_as(&keys::tip_target(token), TARGET_KIND).await
    }

    /// A code of the tenant's guard.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn guard_code(
        &self,
        tenant: &TenantId,
        guard: &GuardId,
        id: &GuardQrId,
    ) -> Result<Option<StoredGuardCode>, StoreError> {
        let item: Option<GuardCodeItem> =
            self.read_as(&keys::guard_code(tenant, guard, id), KIND).await?;
        Ok(item.map(GuardCodeItem::into_domain))
    }

    /// Every code that the tenant's guard ever had, oldest first.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn guard_codes(
        &self,
        tenant: &TenantId,
        guard: &GuardId,
    ) -> Result<Vec<StoredGuardCode>, StoreError> {
        let pk = keys::guard(tenant, guard).pk;
        let items: Vec<GuardCodeItem> = self.all_of(&pk, keys::GUARD_CODE_PREFIX, KIND).await?;
        Ok(items.into_iter().map(GuardCodeItem::into_domain).collect())
    }

    /// Makes a code the one that works, and takes the one `before` back: the guard, both codes, what is behind them and
    /// the answer to the request, all together. [`GuardRefused::Changed`] where somebody else was faster or the
    /// request has lost its claim.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn issue_guard_code(
        &self,
        (guard, before): (&Guard, &Guard),
        StoredGuardCode { code, signed }: &StoredGuardCode,
        target: &TipTarget,
        (claim, answer): (Claim, Answer),
    ) -> Result<Result<(), GuardRefused>, StoreError> {
        let absent = Some("attribute_not_exists(PK)");
        let key = keys::guard_code(&guard.tenant, &guard.id, &code.id);
        let item = GuardCodeItem::from_domain(code, signed);
        let behind = encode(&keys::tip_target(&code.token), TARGET_KIND, target)?;
        let mut writes = vec![
            self.write_guard(guard, before)?,
            self.put(encode(&key, KIND, &item)?, absent, Item::new()),
            self.put(behind, absent, Item::new()),
            self.write_answer(&claim, &answer)?,
        ];
        writes.extend(self.write_revocation(before, code.created_at)?);
        Ok(self.transact(writes).await?.map_err(|_| GuardRefused::Changed))
    }

    /// The writes that take back the code that worked so far, if there is one.
    fn write_revocation(
        &self,
        before: &Guard,
        now: Timestamp,
    ) -> Result<Vec<TransactWriteItem>, StoreError> {
        let Some(code) = &before.code else { return Ok(Vec::new()) };
        let status = (":status".to_owned(), attribute(&GuardQrStatus::Revoked)?);
        let at = (":at".to_owned(), attribute(&now)?);
        Ok(vec![
            self.update(
                &keys::guard_code(&before.tenant, &before.id, &code.id),
                "SET #status = :status, revoked_at = :at",
                "attribute_exists(PK)",
                Item::from([status.clone(), at]),
            ),
            self.update(
                &keys::tip_target(&code.token),
                "SET code_status = :status",
                "attribute_exists(PK)",
                Item::from([status]),
            ),
        ])
    }

    /// The write that shows a guard's new name, status and photo behind its code, where one of them is new.
    pub(super) fn write_page(
        &self,
        guard: &Guard,
        before: &Guard,
    ) -> Result<Option<TransactWriteItem>, StoreError> {
        let shown =
            |guard: &Guard| (guard.profile.display_name(), guard.status, guard.photo.clone());
        let (name, status, photo) = shown(guard);
        let Some(code) = guard.code.as_ref().filter(|_| shown(guard) != shown(before)) else {
            return Ok(None);
        };
        let mut values = Item::from([
            (":name".to_owned(), text(name)),
            (":status".to_owned(), attribute(&status)?),
            (":code".to_owned(), text(code.id.as_str())),
        ]);
        let set = match photo {
            Some(photo) => {
                values.insert(":photo".to_owned(), text(photo));
                "SET #name = :name, guard_status = :status, #photo = :photo"
            }
            None => "SET #name = :name, guard_status = :status REMOVE #photo",
        };
        Ok(Some(self.update(&keys::tip_target(&code.token), set, "#code = :code", values)))
    }

    /// Shows the tenant's present settings behind the guard's code, if it has one; `false` when there is none, or when
    /// settings of this version or a later one are shown already. After a code was issued with settings that have
    /// changed in between, this sets it right.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn replace_tip_settings(
        &self,
        tenant: &Tenant,
        guard: &Guard,
    ) -> Result<bool, StoreError> {
        let Some(code) = &guard.code else { return Ok(false) };
        let settings = &tenant.settings;
        let values = Item::from([
            (":tenant".to_owned(), text(tenant.id.as_str())),
            (":name".to_owned(), text(settings.name.clone())),
            (":color".to_owned(), attribute(&settings.brand_color)?),
            (":tips".to_owned(), attribute(&settings.tips)?),
            (":version".to_owned(), number(tenant.version)),
        ]);
        self.update_if(
            &keys::tip_target(&code.token),
            "SET tenant_name = :name, brand_color = :color, tips = :tips, tenant_version = :version",
            "tenant = :tenant AND \
             (attribute_not_exists(tenant_version) OR tenant_version < :version)",
            values,
        )
        .await
    }
}
