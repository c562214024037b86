//! Customers of loyalty programmes: one item each, found by id and by the hash of an address, and the public keys of
//! their wallets.

use aws_sdk_dynamodb::types::TransactWriteItem;
use domain::customer::CustomerId;
use domain::id::{MemberKeyId, TenantId};
use domain::member::{EmailHash, Member, MemberKey, MemberRefused};
use domain::page::{Page, PageSize, Position};
use serde::{Deserialize, Serialize};

use super::list::{List, Order, each};
use super::{Answer, Claim, Item, StoreError, Table, encode, keys, number, text};

const KIND: &str = "member";
const EMAIL_KIND: &str = "member_email";
const KEY_KIND: &str = "member_key";
const COUNT_KIND: &str = "member_keys_held";
/// The most keys of one customer: a wallet on each of so many devices.
const KEYS_MAX: u32 = 10;

#[derive(Serialize, Deserialize)]
struct MemberItem {
    member: Member,
    #[serde(rename = "GSI1PK")]
    gsi1_pk: String,
    #[serde(rename = "GSI1SK")]
    gsi1_sk: String,
}

/// Whose address it is; the address stands in the key, as a hash.
#[derive(Serialize, Deserialize)]
struct EmailItem {
    customer: CustomerId,
}

impl MemberItem {
    fn from_domain(member: &Member) -> Self {
        Self {
            member: member.clone(),
            gsi1_pk: keys::members_of_tenant(&member.tenant),
            gsi1_sk: format!("{}#{}", keys::instant(member.created_at), member.id),
        }
    }
}

impl Table {
    /// The tenant's customer.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn member(
        &self,
        tenant: &TenantId,
        id: &CustomerId,
    ) -> Result<Option<Member>, StoreError> {
        let item: Option<MemberItem> = self.read_as(&keys::member(tenant, id), KIND).await?;
        Ok(item.map(|item| item.member))
    }

    /// The customer with this address (L6).
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn member_by_email(
        &self,
        tenant: &TenantId,
        email: &EmailHash,
    ) -> Result<Option<Member>, StoreError> {
        let key = keys::member_email(tenant, email);
        let item: Option<EmailItem> = self.read_as(&key, EMAIL_KIND).await?;
        let Some(EmailItem { customer }) = item else { return Ok(None) };
        let member = self.member(tenant, &customer).await?;
        Ok(member.filter(|member| member.email.as_ref() == Some(email)))
    }

    /// The tenant's customers, those who joined last in front.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn members(
        &self,
        tenant: &TenantId,
        size: PageSize,
        from: Option<&Position>,
    ) -> Result<Page<Member>, StoreError> {
        let pk = keys::members_of_tenant(tenant);
        let list = List { what: KIND, pk, order: Order::Descending, most: size.get(), from };
        each(self.page::<MemberItem>(list).await?, |item| Ok(item.member))
    }

    /// Adds a customer, with the answer to the request where there is one. [`MemberRefused::Exists`] and
    /// [`MemberRefused::EmailTaken`] where another one stands in the way, [`MemberRefused::Changed`] when the request
    /// has lost its claim.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn insert_member(
        &self,
        member: &Member,
        answer: Option<(Claim, Answer)>,
    ) -> Result<Result<(), MemberRefused>, StoreError> {
        let key = keys::member(&member.tenant, &member.id);
        let item = encode(&key, KIND, &MemberItem::from_domain(member))?;
        let mut writes = vec![self.put(item, Some("attribute_not_exists(PK)"), Item::new())];
        let email = member.email.as_ref();
        writes.extend(email.map(|email| self.write_email(member, email)).transpose()?);
        if let Some((claim, answer)) = answer {
            writes.push(self.write_answer(&claim, &answer)?);
        }
        Ok(match self.transact(writes).await? {
            Ok(()) => Ok(()),
            Err(refused) if refused.at(0) => Err(MemberRefused::Exists),
            Err(refused) if refused.at(1) && email.is_some() => Err(MemberRefused::EmailTaken),
            Err(_) => Err(MemberRefused::Changed),
        })
    }

    /// Replaces the customer that was read as `read`.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn replace_member(
        &self,
        member: &Member,
        read: &Member,
    ) -> Result<Result<(), MemberRefused>, StoreError> {
        let key = keys::member(&member.tenant, &member.id);
        let item = encode(&key, KIND, &MemberItem::from_domain(member))?;
        let values = Item::from([(":read".to_owned(), number(read.version))]);
        let mut writes = vec![self.put(item, Some("#member.#version = :read"), values)];
        if member.email != read.email {
            let new = member.email.as_ref();
            writes.extend(new.map(|email| self.write_email(member, email)).transpose()?);
            if let Some(old) = &read.email {
                let gone = keys::member_email(&read.tenant, old);
                writes.push(self.delete(&gone, "attribute_exists(PK)", Item::new()));
            }
        }
        let taken = member.email.is_some() && member.email != read.email;
        Ok(match self.transact(writes).await? {
            Ok(()) => Ok(()),
            Err(refused) if taken && refused.only(1) => Err(MemberRefused::EmailTaken),
            Err(_) => Err(MemberRefused::Changed),
        })
    }

    fn write_email(
        &self,
        member: &Member,
        email: &EmailHash,
    ) -> Result<TransactWriteItem, StoreError> {
        let key = keys::member_email(&member.tenant, email);
        let item = encode(&key, EMAIL_KIND, &EmailItem { customer: member.id.clone() })?;
        Ok(self.put(item, Some("attribute_not_exists(PK)"), Item::new()))
    }

    /// The keys of a customer's wallets, oldest first.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn member_keys(
        &self,
        tenant: &TenantId,
        customer: &CustomerId,
    ) -> Result<Vec<MemberKey>, StoreError> {
        let pk = keys::member_pk(tenant, customer);
        self.all_of(&pk, keys::MEMBER_KEY_PREFIX, KEY_KIND).await
    }

    /// The key that a signed code names.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn member_key(
        &self,
        tenant: &TenantId,
        id: &MemberKeyId,
    ) -> Result<Option<MemberKey>, StoreError> {
        self.read_as(&keys::named_member_key(tenant, id), KEY_KIND).await
    }

    /// Adds a key of a wallet. [`MemberRefused::TooManyKeys`] where the customer has as many as there may be.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn insert_member_key(
        &self,
        key: &MemberKey,
    ) -> Result<Result<(), MemberRefused>, StoreError> {
        let values = Item::from([
            (":kind".to_owned(), text(COUNT_KIND)),
            (":one".to_owned(), number(1)),
            (":most".to_owned(), number(KEYS_MAX)),
        ]);
        let room = "attribute_not_exists(#held) OR #held < :most";
        let count = keys::member_keys_held(&key.tenant, &key.customer);
        let add = "SET #kind = :kind ADD #held :one";
        let mut writes = vec![self.update(&count, add, room, values)];
        for place in places(&key.tenant, &key.customer, &key.id) {
            let item = encode(&place, KEY_KIND, key)?;
            writes.push(self.put(item, Some("attribute_not_exists(PK)"), Item::new()));
        }
        Ok(match self.transact(writes).await? {
            Ok(()) => Ok(()),
            Err(refused) if refused.at(0) => Err(MemberRefused::TooManyKeys),
            Err(_) => Err(MemberRefused::Changed),
        })
    }

    /// Forgets a key of a wallet: what it signs is no code any more. `false` where it is not there.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn delete_member_key(
        &self,
        tenant: &TenantId,
        customer: &CustomerId,
        id: &MemberKeyId,
    ) -> Result<bool, StoreError> {
        let there = "attribute_exists(PK)";
        let values = Item::from([(":less".to_owned(), number(-1))]);
        let count = keys::member_keys_held(tenant, customer);
        let mut writes = vec![self.update(&count, "ADD #held :less", there, values)];
        let gone = places(tenant, customer, id);
        writes.extend(gone.iter().map(|place| self.delete(place, there, Item::new())));
        Ok(self.transact(writes).await?.is_ok())
    }
}

/// Where a key stands: beside its customer, and where a code that names it looks for it.
fn places(tenant: &TenantId, customer: &CustomerId, id: &MemberKeyId) -> [keys::Key; 2] {
    [keys::member_key(tenant, customer, id), keys::named_member_key(tenant, id)]
}
