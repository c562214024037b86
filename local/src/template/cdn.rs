//! The distribution: which paths a bucket answers, and what it adds to requests to the API.

use super::resource::Bucket;
use super::scope::Scope;
use super::{Node, Resource, TemplateError};

/// A path of the distribution, with what answers it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CdnPath {
    /// With `*` and `?`, for example `/qr-images/*`.
    pub pattern: String,
    /// The bucket; none for the API.
    pub bucket: Option<Bucket>,
    /// What the origin puts before each path.
    pub prefix: String,
}

/// The behaviours in their order, because the first that fits wins. The default behaviour, the API, is not among them.
pub(super) fn paths(
    resource: &Resource<'_>,
    buckets: &[Bucket],
    scope: &Scope<'_>,
) -> Result<Vec<CdnPath>, TemplateError> {
    let config = resource.properties.get("DistributionConfig");
    let mut origins = Vec::new();
    for origin in config.get("Origins").items() {
        let Some(bucket) = bucket_of(&origin, buckets, scope)? else {
            continue;
        };
        let prefix = origin.get("OriginPath").optional_text(scope)?.unwrap_or_default();
        origins.push((origin.get("Id").text(scope)?, bucket, prefix));
    }
    let mut paths = Vec::new();
    for behaviour in config.get("CacheBehaviors").items() {
        let target = behaviour.get("TargetOriginId").text(scope)?;
        let pattern = behaviour.get("PathPattern").text(scope)?;
        // CloudFront reads `images/*` and `/images/*` alike.
        let pattern = format!("/{}", pattern.trim_start_matches('/'));
        let origin = origins.iter().find(|(id, ..)| *id == target);
        let bucket = origin.map(|(_, bucket, _)| (*bucket).clone());
        let prefix = origin.map(|(.., prefix)| prefix.clone()).unwrap_or_default();
        paths.push(CdnPath { pattern, bucket, prefix });
    }
    Ok(paths)
}

/// The headers that the default behaviour's origin gets on top of the viewer's.
pub(super) fn origin_headers(
    resource: &Resource<'_>,
    scope: &Scope<'_>,
) -> Result<Vec<(String, String)>, TemplateError> {
    let config = resource.properties.get("DistributionConfig");
    let target = config.get("DefaultCacheBehavior").get("TargetOriginId").text(scope)?;
    let mut headers = Vec::new();
    for origin in config.get("Origins").items() {
        if origin.get("Id").text(scope)? != target {
            continue;
        }
        for header in origin.get("OriginCustomHeaders").items() {
            let name = header.get("HeaderName").text(scope)?.to_lowercase();
            headers.push((name, header.get("HeaderValue").text(scope)?));
        }
    }
    Ok(headers)
}

/// An origin is a bucket when its domain name is one: `!GetAtt Bucket.RegionalDomainName`.
fn bucket_of<'b>(
    origin: &Node<'_>,
    buckets: &'b [Bucket],
    scope: &Scope<'_>,
) -> Result<Option<&'b Bucket>, TemplateError> {
    // Other origins may name what only the cloud has, so only a bucket's form is resolved.
    let domain = origin.get("DomainName");
    if origin.get("S3OriginConfig").is_missing()
        && domain.value.pointer("/Fn::GetAtt/1").is_none_or(|of| of != "RegionalDomainName")
    {
        return Ok(None);
    }
    let domain = domain.text(scope)?;
    Ok(buckets.iter().find(|bucket| domain.starts_with(&format!("{}.s3.", bucket.name))))
}
