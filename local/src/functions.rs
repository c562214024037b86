//! The list of functions: the only place that names the function crates.

use adapters::environment::{Environment, EnvironmentError};
use serde::Serialize;
use serde::de::DeserializeOwned;
use utoipa::openapi::OpenApi;
use web::Routes;

use crate::registry::{BoxError, Build, Handler, Registry};

/// Every function of the platform.
pub fn registry() -> Registry {
    let http: [(&'static str, Build); 31] = [
        ("analytics", |env| http("analytics", env, analytics::Deps::from_env, analytics::routes)),
        ("business-pages", |env| {
            http("business-pages", env, business_pages::Deps::from_env, business_pages::routes)
        }),
        ("campaigns", |env| http("campaigns", env, campaigns::Deps::from_env, campaigns::routes)),
        ("devices", |env| http("devices", env, devices::Deps::from_env, devices::routes)),
        ("export-jobs", |env| {
            http("export-jobs", env, export_jobs::Deps::from_env, export_jobs::routes)
        }),
        ("export-pages", |env| {
            http("export-pages", env, export_pages::Deps::from_env, export_pages::routes)
        }),
        ("finance", |env| http("finance", env, finance::Deps::from_env, finance::routes)),
        ("finance-pages", |env| {
            http("finance-pages", env, finance_pages::Deps::from_env, finance_pages::routes)
        }),
        ("generate", |env| http("generate", env, generate::Deps::from_env, generate::routes)),
        ("guards", |env| http("guards", env, guards::Deps::from_env, guards::routes)),
        ("health", |env| http("health", env, health::Deps::from_env, health::routes)),
        ("keys", |env| http("keys", env, keys::Deps::from_env, keys::routes)),
        ("loyalty", |env| http("loyalty", env, loyalty::Deps::from_env, loyalty::routes)),
        ("loyalty-pages", |env| {
            http("loyalty-pages", env, loyalty_pages::Deps::from_env, loyalty_pages::routes)
        }),
        ("loyalty-tokens", |env| {
            http("loyalty-tokens", env, loyalty_tokens::Deps::from_env, loyalty_tokens::routes)
        }),
        ("ops-pages", |env| http("ops-pages", env, ops_pages::Deps::from_env, ops_pages::routes)),
        ("paystack-webhook", |env| {
            http(
                "paystack-webhook",
                env,
                paystack_webhook::Deps::from_env,
                paystack_webhook::routes,
            )
        }),
        ("photos", |env| http("photos", env, photos::Deps::from_env, photos::routes)),
        ("properties", |env| {
            http("properties", env, properties::Deps::from_env, properties::routes)
        }),
        ("redeem", |env| http("redeem", env, redeem::Deps::from_env, redeem::routes)),
        ("scan", |env| http("scan", env, scan::Deps::from_env, scan::routes)),
        ("settlements", |env| {
            http("settlements", env, settlements::Deps::from_env, settlements::routes)
        }),
        ("site", |env| http("site", env, site::Deps::from_env, site::routes)),
        ("staff-page", |env| {
            http("staff-page", env, staff_page::Deps::from_env, staff_page::routes)
        }),
        ("tenants", |env| http("tenants", env, tenants::Deps::from_env, tenants::routes)),
        ("tip-create", |env| {
            http("tip-create", env, tip_create::Deps::from_env, tip_create::routes)
        }),
        ("tip-page", |env| http("tip-page", env, tip_page::Deps::from_env, tip_page::routes)),
        ("transfer-approval", |env| {
            http(
                "transfer-approval",
                env,
                transfer_approval::Deps::from_env,
                transfer_approval::routes,
            )
        }),
        ("vouchers", |env| http("vouchers", env, vouchers::Deps::from_env, vouchers::routes)),
        ("voucher-page", |env| {
            http("voucher-page", env, voucher_page::Deps::from_env, voucher_page::routes)
        }),
        ("wallet", |env| http("wallet", env, wallet::Deps::from_env, wallet::routes)),
    ];
    let events: [(&'static str, Build); 11] = [
        ("aggregate", |env| event(env, aggregate::Deps::from_env, aggregate::handle)),
        ("exports", |env| event(env, exports::Deps::from_env, exports::handle)),
        ("janitor", |env| event(env, janitor::Deps::from_env, janitor::handle)),
        ("notify", |env| event(env, notify::Deps::from_env, notify::handle)),
        ("payments", |env| event(env, payments::Deps::from_env, payments::handle)),
        ("payouts", |env| event(env, payouts::Deps::from_env, payouts::handle)),
        ("printing", |env| event(env, printing::Deps::from_env, printing::handle)),
        ("reconcile", |env| event(env, reconcile::Deps::from_env, reconcile::handle)),
        ("relay", |env| event(env, relay::Deps::from_env, relay::handle)),
        ("settle", |env| event(env, settle::Deps::from_env, settle::handle)),
        ("sweeper", |env| event(env, sweeper::Deps::from_env, sweeper::handle)),
    ];
    Registry::new(http.into_iter().chain(events))
}

/// The descriptions of all HTTP functions in one, each made from an environment that may lead nowhere.
///
/// # Errors
/// [`EnvironmentError`] names a variable that a function misses.
pub fn openapi(env: &Environment) -> Result<OpenApi, EnvironmentError> {
    let functions: [Routes; 31] = [
        analytics::routes(analytics::Deps::from_env(env)?),
        business_pages::routes(business_pages::Deps::from_env(env)?),
        campaigns::routes(campaigns::Deps::from_env(env)?),
        devices::routes(devices::Deps::from_env(env)?),
        export_jobs::routes(export_jobs::Deps::from_env(env)?),
        export_pages::routes(export_pages::Deps::from_env(env)?),
        finance::routes(finance::Deps::from_env(env)?),
        finance_pages::routes(finance_pages::Deps::from_env(env)?),
        generate::routes(generate::Deps::from_env(env)?),
        guards::routes(guards::Deps::from_env(env)?),
        health::routes(health::Deps::from_env(env)?),
        keys::routes(keys::Deps::from_env(env)?),
        loyalty::routes(loyalty::Deps::from_env(env)?),
        loyalty_pages::routes(loyalty_pages::Deps::from_env(env)?),
        loyalty_tokens::routes(loyalty_tokens::Deps::from_env(env)?),
        ops_pages::routes(ops_pages::Deps::from_env(env)?),
        paystack_webhook::routes(paystack_webhook::Deps::from_env(env)?),
        photos::routes(photos::Deps::from_env(env)?),
        properties::routes(properties::Deps::from_env(env)?),
        redeem::routes(redeem::Deps::from_env(env)?),
        scan::routes(scan::Deps::from_env(env)?),
        settlements::routes(settlements::Deps::from_env(env)?),
        site::routes(site::Deps::from_env(env)?),
        staff_page::routes(staff_page::Deps::from_env(env)?),
        tenants::routes(tenants::Deps::from_env(env)?),
        tip_create::routes(tip_create::Deps::from_env(env)?),
        tip_page::routes(tip_page::Deps::from_env(env)?),
        transfer_approval::routes(transfer_approval::Deps::from_env(env)?),
        vouchers::routes(vouchers::Deps::from_env(env)?),
        voucher_page::routes(voucher_page::Deps::from_env(env)?),
        wallet::routes(wallet::Deps::from_env(env)?),
    ];
    Ok(web::openapi::of(functions))
}

fn http<D>(
    service: &'static str,
    env: &Environment,
    from_env: fn(&Environment) -> Result<D, EnvironmentError>,
    routes: fn(D) -> Routes,
) -> Result<Handler, EnvironmentError> {
    Ok(Handler::Http(web::router(service, routes(from_env(env)?))))
}

/// What is a payload and an answer in Lambda is JSON here.
fn event<D, E, R, F>(
    env: &Environment,
    from_env: fn(&Environment) -> Result<D, EnvironmentError>,
    handle: fn(D, E) -> F,
) -> Result<Handler, EnvironmentError>
where
    D: Clone + Send + Sync + 'static,
    E: DeserializeOwned + Send + 'static,
    R: Serialize,
    F: Future<Output = Result<R, BoxError>> + Send + 'static,
{
    let deps = from_env(env)?;
    Ok(Handler::event(move |payload| {
        let deps = deps.clone();
        async move {
            let report = handle(deps, serde_json::from_value(payload)?).await?;
            Ok(serde_json::to_value(report)?)
        }
    }))
}
