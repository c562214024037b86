//! Codes of properties: the present state, each version, and the part of the scan target that belongs to the code,
//! always written together.

use aws_sdk_dynamodb::types::AttributeValue;
use domain::code::{CodeStatus, Drawing, Lifetime, PropertyCode};
use domain::failure::{Failure, Kind};
use domain::id::{PropertyId, TenantId};
use domain::page::{Page, PageSize, Position};
use domain::tenant::Tenant;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::target::{LiveCodeItem, attribute};
use super::{Item, StoreError, Table, broken, decode, encode, keys, number, text};

const KIND: &str = "property_code";
const VERSION_KIND: &str = "property_code_version";

/// Why a code was not written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CodeLost {
    /// Another writer was faster.
    #[error("the code was changed by another request at the same moment, try again")]
    Outrun,
    /// The public id belongs to another tenant.
    #[error("the property belongs to somebody else")]
    NotYours,
}

impl Failure for CodeLost {
    fn kind(&self) -> Kind {
        Kind::Conflict
    }

    fn code(&self) -> &'static str {
        match self {
            CodeLost::Outrun => "code_changed",
            CodeLost::NotYours => "property_id_taken",
        }
    }
}

/// Its place in the list is its first instant.
#[derive(Serialize, Deserialize)]
struct CodeItem {
    property: PropertyId,
    tenant: TenantId,
    version: u32,
    status: CodeStatus,
    scan_url: String,
    drawing: Drawing,
    #[serde(flatten)]
    lifetime: Lifetime,
    created_at: Timestamp,
    generated_at: Timestamp,
    #[serde(rename = "GSI1PK")]
    gsi1_pk: String,
    #[serde(rename = "GSI1SK")]
    gsi1_sk: String,
}

impl CodeItem {
    fn from_domain(code: &PropertyCode) -> Self {
        Self {
            property: code.property.clone(),
            tenant: code.tenant.clone(),
            version: code.version,
            status: code.status,
            scan_url: code.scan_url.clone(),
            drawing: code.drawing.clone(),
            lifetime: code.lifetime,
            created_at: code.created_at,
            generated_at: code.generated_at,
            gsi1_pk: keys::codes_of_tenant(&code.tenant),
            gsi1_sk: Table::place_of(code).0,
        }
    }

    fn into_domain(self) -> PropertyCode {
        PropertyCode {
            property: self.property,
            tenant: self.tenant,
            version: self.version,
            status: self.status,
            scan_url: self.scan_url,
            drawing: self.drawing,
            lifetime: self.lifetime,
            created_at: self.created_at,
            generated_at: self.generated_at,
        }
    }
}

/// What becomes of the scans that a limited code has used up when it gets a new version.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Uses {
    /// They stay used.
    Kept,
    /// The limit was set anew: it begins at none.
    BegunAnew,
}

/// One version, kept for ever.
#[derive(Serialize)]
struct VersionItem<'a> {
    version: u32,
    drawing: &'a Drawing,
    generated_at: Timestamp,
}

impl Table {
    /// The code of the tenant's property.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn code(
        &self,
        tenant: &TenantId,
        id: &PropertyId,
    ) -> Result<Option<PropertyCode>, StoreError> {
        let item: Option<CodeItem> = self.read_as(&keys::code(tenant, id), KIND).await?;
        Ok(item.map(CodeItem::into_domain))
    }

    /// Makes a new version the present one: the code, the version and the scan target in one transaction, on the
    /// condition that the version before is still the present one ([`CodeLost::Outrun`]) and the public id is the
    /// tenant's ([`CodeLost::NotYours`]). Whether the tenant's settings are still those that were read is looked at
    /// afterwards: a condition on them would make all generations of a tenant wait for each other.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn commit_code(
        &self,
        code: &PropertyCode,
        tenant: &Tenant,
        uses: Uses,
    ) -> Result<Result<(), CodeLost>, StoreError> {
        let key = keys::code(&code.tenant, &code.property);
        let state = encode(&key, KIND, &CodeItem::from_domain(code))?;
        let version = VersionItem {
            version: code.version,
            drawing: &code.drawing,
            generated_at: code.generated_at,
        };
        let version_key = keys::code_version(&code.tenant, &code.property, code.version);
        let version = encode(&version_key, VERSION_KIND, &version)?;
        let live = LiveCodeItem {
            version: code.version,
            status: code.status,
            expires_at: code.lifetime.expires_at,
            max_scans: code.lifetime.max_scans,
            destinations: tenant.settings.destinations.clone(),
            tenant_name: tenant.settings.name.clone(),
            brand_color: tenant.settings.brand_color,
            tenant_version: tenant.version,
        };
        let (condition, read) = previous(code.version);
        // A new allowance of scans begins at none used; any other new version goes on counting.
        let set = match uses {
            Uses::Kept => "SET #code = :code",
            Uses::BegunAnew => "SET #code = :code, scans_used = :zero",
        };
        let mut values = Item::from([
            (":code".to_owned(), attribute(&live)?),
            (":tenant".to_owned(), text(code.tenant.as_str())),
        ]);
        if uses == Uses::BegunAnew {
            values.insert(":zero".to_owned(), number(0));
        }
        let target = keys::scan_target(&code.property);
        let writes = vec![
            self.put(state, Some(condition), read),
            self.put(version, Some("attribute_not_exists(PK)"), Item::new()),
            self.update(&target, set, "tenant = :tenant", values),
        ];
        Ok(match self.transact(writes).await? {
            Ok(()) => Ok(()),
            Err(refused) if refused.at(2) => Err(CodeLost::NotYours),
            Err(_) => Err(CodeLost::Outrun),
        })
    }

    /// Writes a deleted code's state, in the code and in the scan target, if the version is still the same.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn commit_deletion(
        &self,
        code: &PropertyCode,
    ) -> Result<Result<(), CodeLost>, StoreError> {
        let status = attribute(&code.status)?;
        let values = || {
            Item::from([
                (":status".to_owned(), status.clone()),
                (":version".to_owned(), number(code.version)),
            ])
        };
        let writes = vec![
            self.update(
                &keys::code(&code.tenant, &code.property),
                "SET #status = :status",
                "version = :version",
                values(),
            ),
            self.update(
                &keys::scan_target(&code.property),
                "SET #code.#status = :status",
                "#code.version = :version",
                values(),
            ),
        ];
        Ok(self.transact(writes).await?.map_err(|_| CodeLost::Outrun))
    }

    /// A code's place in the list of its tenant's codes.
    pub fn place_of(code: &PropertyCode) -> Position {
        Position(format!("{:015}#{}", code.created_at.as_millisecond(), code.property))
    }

    /// The tenant's codes, oldest first.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn codes_of_tenant(
        &self,
        tenant: &TenantId,
        size: PageSize,
        from: Option<&Position>,
    ) -> Result<Page<PropertyCode>, StoreError> {
        let start = from.map(|position| start_key(tenant, position)).transpose()?;
        let output = self
            .client
            .query()
            .table_name(&*self.name)
            .index_name(keys::GSI1)
            .key_condition_expression("GSI1PK = :pk")
            .expression_attribute_values(":pk", text(keys::codes_of_tenant(tenant)))
            .set_exclusive_start_key(start)
            .limit(i32::try_from(size.get()).unwrap_or(i32::MAX))
            .send()
            .await
            .map_err(broken)?;
        let next = output.last_evaluated_key.and_then(|mut key| match key.remove(keys::GSI1_SK) {
            Some(AttributeValue::S(place)) => Some(Position(place)),
            _ => None,
        });
        let codes = output.items.unwrap_or_default().into_iter();
        let entries = codes
            .map(|item| decode::<CodeItem>(item, KIND).map(CodeItem::into_domain))
            .collect::<Result<_, _>>()?;
        Ok(Page { entries, next })
    }
}

/// The place in the list is `{created}#{property}`; the primary key follows from it.
fn start_key(tenant: &TenantId, position: &Position) -> Result<Item, StoreError> {
    let corrupt = |reason: String| StoreError::Corrupt { what: KIND, source: reason.into() };
    let (_, property) = position.0.split_once('#').ok_or_else(|| corrupt(position.0.clone()))?;
    let property = PropertyId::parse(property).map_err(|error| corrupt(error.to_string()))?;
    let mut key = keys::code(tenant, &property).attributes();
    key.insert(keys::GSI1_PK.to_owned(), text(keys::codes_of_tenant(tenant)));
    key.insert(keys::GSI1_SK.to_owned(), text(position.0.clone()));
    Ok(key)
}

/// The condition that the version before this one is the present one.
fn previous(version: u32) -> (&'static str, Item) {
    match version {
        0 | 1 => ("attribute_not_exists(PK)", Item::new()),
        later => ("version = :read", Item::from([(":read".to_owned(), number(later - 1))])),
    }
}
