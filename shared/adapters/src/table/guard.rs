//! Guards: the record, the employee id that is theirs alone, and what is public about them behind their code, always
//! written together.

use aws_sdk_dynamodb::types::TransactWriteItem;
use domain::audit::AuditChange;
use domain::guard::{
    ActiveCode, Guard, GuardProfile, GuardRefused, GuardStatus, PayoutAccount, Unconfirmed,
};
use domain::id::{GuardId, TenantId};
use domain::notice::Notice;
use domain::page::{Page, PageSize, Position};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::list::{List, Order, each};
use super::transaction::Refused;
use super::{Answer, Claim, Item, StoreError, Table, decode, encode, keys, number, text};

const KIND: &str = "guard";
const EMPLOYEE_KIND: &str = "employee_id";

#[derive(Serialize, Deserialize)]
struct GuardItem {
    id: GuardId,
    tenant: TenantId,
    profile: GuardProfile,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    payout_account: Option<PayoutAccount>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    payout_hold_until: Option<Timestamp>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    payout_unconfirmed: Option<Unconfirmed>,
    status: GuardStatus,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    photo: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    active_code: Option<ActiveCode>,
    created_at: Timestamp,
    version: u64,
    #[serde(rename = "GSI1PK")]
    gsi1_pk: String,
    #[serde(rename = "GSI1SK")]
    gsi1_sk: String,
}

impl GuardItem {
    fn from_domain(guard: &Guard) -> Self {
        Self {
            id: guard.id.clone(),
            tenant: guard.tenant.clone(),
            profile: guard.profile.clone(),
            payout_account: guard.payout_account.clone(),
            payout_hold_until: guard.payout_hold_until,
            payout_unconfirmed: guard.payout_unconfirmed.clone(),
            status: guard.status,
            photo: guard.photo.clone(),
            active_code: guard.code.clone(),
            created_at: guard.created_at,
            version: guard.version,
            gsi1_pk: keys::guards_of_tenant(&guard.tenant),
            gsi1_sk: place_of(guard),
        }
    }

    fn into_domain(self) -> Guard {
        Guard {
            id: self.id,
            tenant: self.tenant,
            profile: self.profile,
            payout_account: self.payout_account,
            payout_hold_until: self.payout_hold_until,
            payout_unconfirmed: self.payout_unconfirmed,
            status: self.status,
            photo: self.photo,
            code: self.active_code,
            created_at: self.created_at,
            version: self.version,
        }
    }
}

/// Who has an employee id.
#[derive(Serialize)]
struct EmployeeItem<'a> {
    guard: &'a GuardId,
}

/// A guard's place in the list: by last name, then first name.
fn place_of(guard: &Guard) -> String {
    let name = format!("{} {}", guard.profile.last_name, guard.profile.first_name);
    format!("{}#{}", name.to_lowercase(), guard.id)
}

impl Table {
    /// The tenant's guard.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn guard(
        &self,
        tenant: &TenantId,
        id: &GuardId,
    ) -> Result<Option<Guard>, StoreError> {
        let item: Option<GuardItem> = self.read_as(&keys::guard(tenant, id), KIND).await?;
        Ok(item.map(GuardItem::into_domain))
    }

    /// Up to a hundred of the tenant's guards as they were last written, in no order; who is not there is left out.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn guards_by_id(
        &self,
        tenant: &TenantId,
        ids: &[GuardId],
    ) -> Result<Vec<Guard>, StoreError> {
        if ids.is_empty() {
            return Ok(Vec::new());
        }
        let keys = ids.iter().map(|id| keys::guard(tenant, id).attributes()).collect();
        let items = self.read_batch(keys).await?.into_iter();
        items.map(|item| decode::<GuardItem>(item, KIND).map(GuardItem::into_domain)).collect()
    }

    /// The tenant's guards by name.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn guards_of_tenant(
        &self,
        tenant: &TenantId,
        size: PageSize,
        from: Option<&Position>,
    ) -> Result<Page<Guard>, StoreError> {
        let pk = keys::guards_of_tenant(tenant);
        let list = List { what: KIND, pk, order: Order::Ascending, most: size.get(), from };
        each(self.page::<GuardItem>(list).await?, |item| Ok(item.into_domain()))
    }

    /// Adds a guard together with the answer to the request. The employee id of another guard is
    /// [`GuardRefused::EmployeeIdTaken`], a lost claim [`GuardRefused::Changed`].
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn insert_guard(
        &self,
        guard: &Guard,
        (claim, answer): (Claim, Answer),
    ) -> Result<Result<(), GuardRefused>, StoreError> {
        let item = encode(&keys::guard(&guard.tenant, &guard.id), KIND, &from(guard))?;
        let writes = vec![
            self.write_answer(&claim, &answer)?,
            self.put(item, Some("attribute_not_exists(PK)"), Item::new()),
            self.write_employee(guard)?,
        ];
        Ok(self.transact(writes).await?.map_err(|refused| {
            // Whoever has taken the claim over may have added the same guard.
            let taken = !refused.at(0) && !refused.at(1) && refused.at(2);
            if taken { GuardRefused::EmployeeIdTaken } else { GuardRefused::Changed }
        }))
    }

    /// Replaces the guard that was read as `before`, with what its page shows. [`GuardRefused::Changed`] where
    /// somebody else was faster, [`GuardRefused::EmployeeIdTaken`] where the new employee id is another guard's.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn replace_guard(
        &self,
        guard: &Guard,
        before: &Guard,
    ) -> Result<Result<(), GuardRefused>, StoreError> {
        let mut writes = vec![self.write_guard(guard, before)?];
        writes.extend(self.write_page(guard, before)?);
        let swapped = guard.profile.employee_id != before.profile.employee_id;
        if swapped {
            let old = keys::employee(&before.tenant, &before.profile.employee_id);
            let owner = Item::from([(":guard".to_owned(), text(before.id.as_str()))]);
            writes.push(self.delete(&old, "#guard = :guard", owner));
            writes.push(self.write_employee(guard)?);
        }
        let last = writes.len() - 1;
        Ok(self.transact(writes).await?.map_err(|refused| {
            if swapped { taken_or_changed(&refused, last) } else { GuardRefused::Changed }
        }))
    }

    /// Replaces the guard that was read as `before`, with the record of the change and with what the guard is told of
    /// it. [`GuardRefused::Changed`] where somebody else was faster. The employee id stays.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn replace_guard_audited(
        &self,
        guard: &Guard,
        before: &Guard,
        change: &AuditChange,
        notice: Option<&Notice>,
    ) -> Result<Result<(), GuardRefused>, StoreError> {
        let mut writes = vec![self.write_guard(guard, before)?];
        writes.extend(self.write_page(guard, before)?);
        if let Some(notice) = notice {
            writes.push(self.write_notice(notice)?);
        }
        let committed = self.transact_audited(change, writes).await?;
        Ok(committed.map_err(|_| GuardRefused::Changed))
    }

    /// The write of a guard on the condition that it is still what was read.
    pub(super) fn write_guard(
        &self,
        guard: &Guard,
        before: &Guard,
    ) -> Result<TransactWriteItem, StoreError> {
        let item = encode(&keys::guard(&guard.tenant, &guard.id), KIND, &from(guard))?;
        let values = Item::from([(":read".to_owned(), number(before.version))]);
        Ok(self.put(item, Some("#version = :read"), values))
    }

    fn write_employee(&self, guard: &Guard) -> Result<TransactWriteItem, StoreError> {
        let key = keys::employee(&guard.tenant, &guard.profile.employee_id);
        let item = encode(&key, EMPLOYEE_KIND, &EmployeeItem { guard: &guard.id })?;
        Ok(self.put(item, Some("attribute_not_exists(PK)"), Item::new()))
    }
}

fn from(guard: &Guard) -> GuardItem {
    GuardItem::from_domain(guard)
}

/// A guard that somebody else has changed is read again before its employee id is looked at.
fn taken_or_changed(refused: &Refused, employee: usize) -> GuardRefused {
    let others = (0..employee).any(|write| refused.at(write));
    if !others && refused.at(employee) {
        GuardRefused::EmployeeIdTaken
    } else {
        GuardRefused::Changed
    }
}
