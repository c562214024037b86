//! Records of which only the field at hand is of interest.

use domain::access::{ApiKey, Scope};
use domain::code::{Drawing, Lifetime, PropertyCode};
use domain::device::{Device, VisitClass};
use domain::id::{KeyId, PropertyId, ScanId, TenantId};
use domain::property::Property;
use domain::render::{Level, RenderSpec};
use domain::scan::{RedirectType, ScanEvent, ScanOutcome, ScanSource, VisitorHash};
use domain::tenant::{Rollout, Tenant, TenantSettings};
use jiff::Timestamp;
use tessera_tests::{Platform, house};

pub(crate) fn noon() -> Timestamp {
    "2026-11-20T12:00:00Z".parse().unwrap()
}

fn bytes(number: u32) -> [u8; 10] {
    let [a, b, c, d] = number.to_be_bytes();
    [0, 0, 0, 0, 0, 0, a, b, c, d]
}

pub(crate) fn tenant(number: u32) -> Tenant {
    Tenant {
        id: TenantId::new(noon(), bytes(number)),
        settings: TenantSettings::named("Sample"),
        logo: None,
        version: 1,
        rollout: Rollout::Done,
        created_at: noon(),
    }
}

pub(crate) fn key(tenant: &TenantId, number: u32) -> ApiKey {
    ApiKey {
        id: KeyId::new(noon(), bytes(number)),
        tenant: tenant.clone(),
        name: format!("key {number}"),
        scopes: vec![Scope::CodesRead],
        bound_to: None,
        created_at: noon(),
    }
}

pub(crate) fn property() -> Property {
    Property::from_document(&house().document).unwrap()
}

/// A tenant with one property, in the table.
pub(crate) async fn tenant_with_property(platform: &Platform) -> (Tenant, Property) {
    let (table, property) = (platform.table(), property());
    let tenant = table.tenant(&platform.owner().tenant).await.unwrap().unwrap();
    let taken = table.commit_properties(&tenant.id, std::slice::from_ref(&property)).await.unwrap();
    assert_eq!(taken, []);
    (tenant, property)
}

pub(crate) fn code(
    tenant: &TenantId,
    property: &PropertyId,
    created_at: Timestamp,
) -> PropertyCode {
    let sha256 = "00".repeat(32);
    let drawing = Drawing {
        spec: RenderSpec { error_correction: Level::M, ..RenderSpec::PROPERTY },
        symbol_version: 4,
        modules: 33,
        module_px: 6,
        key: format!("{tenant}/property/{property}/{sha256}.png"),
        sha256,
        bytes: 500,
    };
    let scan_url = format!("https://example.org/scan/{property}");
    let (property, tenant) = (property.clone(), tenant.clone());
    PropertyCode::new(property, tenant, scan_url, drawing, Lifetime::default(), created_at)
}

pub(crate) fn next(code: &PropertyCode, lifetime: Lifetime) -> PropertyCode {
    let (url, drawing) = (code.scan_url.clone(), code.drawing.clone());
    code.clone().regenerate(url, drawing, lifetime, noon())
}

pub(crate) fn scan(code: &PropertyCode, at: Timestamp, number: u32) -> ScanEvent {
    ScanEvent {
        scan_id: ScanId::new(at, bytes(number)),
        subject: code.property.clone().into(),
        tenant_id: code.tenant.clone(),
        qr_version: code.version,
        at,
        source: ScanSource::QrCode,
        redirect: RedirectType::Single,
        class: VisitClass::Person,
        device: Device::UNKNOWN,
        country: None,
        region: None,
        city: None,
        referrer_host: None,
        visitor: Some(VisitorHash(u64::from(number))),
        session_id: None,
        handling_us: 900,
        outcome: ScanOutcome::Served,
    }
}
