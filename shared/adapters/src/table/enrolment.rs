//! Devices of businesses: one item each under its own id, and the code with which it is enrolled, which works once.
//!
//! Deliberately absent: secrets and codes. Both are kept as their SHA-256.

use domain::enrolment::{DeviceStatus, Enrolment, EnrolmentRefused};
use domain::id::{BusinessId, DeviceId, TenantId};
use domain::page::{Page, PageSize, Position};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::list::{List, Order};
use super::{Answer, Claim, Item, StoreError, Table, encode, keys, number, text};

const KIND: &str = "enrolment";
const CODE_KIND: &str = "enrolment_code";

#[derive(Serialize, Deserialize)]
struct EnrolmentItem {
    enrolment: Enrolment,
    #[serde(rename = "GSI1PK")]
    gsi1_pk: String,
    #[serde(rename = "GSI1SK")]
    gsi1_sk: String,
}

#[derive(Serialize, Deserialize)]
struct CodeItem {
    device: DeviceId,
    ttl: i64,
}

impl EnrolmentItem {
    fn from_domain(enrolment: &Enrolment) -> Self {
        let Enrolment { tenant, business, id, created_at, .. } = enrolment;
        Self {
            enrolment: enrolment.clone(),
            gsi1_pk: keys::enrolments_of_tenant(tenant),
            gsi1_sk: format!("{business}#{}#{id}", keys::instant(*created_at)),
        }
    }
}

impl Table {
    /// The device of this id, whoever's it is.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn enrolment(&self, id: &DeviceId) -> Result<Option<Enrolment>, StoreError> {
        let item: Option<EnrolmentItem> = self.read_as(&keys::enrolment(id), KIND).await?;
        Ok(item.map(|item| item.enrolment))
    }

    /// The device whose code has this SHA-256; nothing once the code was used.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn enrolment_of_code(
        &self,
        fingerprint: &str,
    ) -> Result<Option<Enrolment>, StoreError> {
        let key = keys::enrolment_code(fingerprint);
        match self.read_as::<CodeItem>(&key, CODE_KIND).await? {
            Some(code) => self.enrolment(&code.device).await,
            None => Ok(None),
        }
    }

    /// The devices of a business, oldest first.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn enrolments(
        &self,
        (tenant, business): (&TenantId, &BusinessId),
        size: PageSize,
        from: Option<&Position>,
    ) -> Result<Page<Enrolment>, StoreError> {
        let pk = keys::enrolments_of_tenant(tenant);
        let list = List { what: KIND, pk, order: Order::Ascending, most: size.get(), from };
        let (first, last) = (format!("{business}#"), format!("{business}#~"));
        let keep = |item: EnrolmentItem| Ok(Some(item.enrolment));
        self.sift(list, Some((first.as_str(), last.as_str())), keep).await
    }

    /// Adds an invited device under the SHA-256 of its code, with the answer to the request; `false` when the request
    /// has lost its claim.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn insert_enrolment(
        &self,
        enrolment: &Enrolment,
        fingerprint: &str,
        (claim, answer): (Claim, Answer),
    ) -> Result<bool, StoreError> {
        let code =
            CodeItem { device: enrolment.id.clone(), ttl: enrolment.invited_until.as_second() };
        let item =
            encode(&keys::enrolment(&enrolment.id), KIND, &EnrolmentItem::from_domain(enrolment))?;
        let absent = Some("attribute_not_exists(PK)");
        let code = encode(&keys::enrolment_code(fingerprint), CODE_KIND, &code)?;
        let writes = vec![
            self.put(item, absent, Item::new()),
            self.put(code, absent, Item::new()),
            self.write_answer(&claim, &answer)?,
        ];
        Ok(self.transact(writes).await?.is_ok())
    }

    /// Enrols a device that was read by the SHA-256 of its code; the code is gone with it.
    /// [`EnrolmentRefused::WrongCode`] where somebody else has used it, or the device was revoked meanwhile.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn commit_enrolment(
        &self,
        enrolment: &Enrolment,
        fingerprint: &str,
    ) -> Result<Result<(), EnrolmentRefused>, StoreError> {
        let code = keys::enrolment_code(fingerprint);
        let writes = vec![
            self.write_enrolment(enrolment)?,
            self.delete(&code, "attribute_exists(PK)", Item::new()),
        ];
        Ok(self.transact(writes).await?.map_err(|_| EnrolmentRefused::WrongCode))
    }

    /// Revokes the device that was read one version before; from then on it takes no leases either.
    /// [`EnrolmentRefused::Changed`] where somebody else was faster.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn commit_revocation(
        &self,
        revoked: &Enrolment,
    ) -> Result<Result<(), EnrolmentRefused>, StoreError> {
        let writes = vec![
            self.write_enrolment(revoked)?,
            self.write_no_more_leases(&revoked.tenant, &revoked.id),
        ];
        Ok(self.transact(writes).await?.map_err(|_| EnrolmentRefused::Changed))
    }

    /// Notes when an enrolled device was heard of; one that was revoked meanwhile stays as it is.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn touch_enrolment(&self, id: &DeviceId, at: Timestamp) -> Result<(), StoreError> {
        let values = Item::from([
            (":at".to_owned(), text(at.to_string())),
            (":enrolled".to_owned(), text(DeviceStatus::Enrolled.as_str())),
        ]);
        let set = "SET #enrolment.#seen_at = :at";
        let enrolled = "#enrolment.#status = :enrolled";
        self.update_if(&keys::enrolment(id), set, enrolled, values).await.map(drop)
    }

    /// The write of a device on the condition that it is still what was read: its version counts from there.
    fn write_enrolment(
        &self,
        enrolment: &Enrolment,
    ) -> Result<aws_sdk_dynamodb::types::TransactWriteItem, StoreError> {
        let item =
            encode(&keys::enrolment(&enrolment.id), KIND, &EnrolmentItem::from_domain(enrolment))?;
        let read = number(enrolment.version.saturating_sub(1));
        let values = Item::from([(":read".to_owned(), read)]);
        Ok(self.put(item, Some("#enrolment.#version = :read"), values))
    }
}
