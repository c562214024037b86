//! Tables, buckets and secrets.

use serde_json::{Map, Value, json};

use super::scope::Scope;
use super::{Node, Resource, TemplateError};

/// Secrets Manager's own default.
const SECRET_CHARACTERS_DEFAULT: u32 = 32;

/// A DynamoDB table.
#[derive(Clone, Debug)]
pub struct Table {
    /// Its logical id.
    pub id: String,
    /// Its physical name.
    pub name: String,
    /// What `CreateTable` is called with.
    pub create: Value,
    /// The stream's view, when it has one.
    pub stream_view: Option<String>,
    /// The attribute that says when an item expires.
    pub ttl_attribute: Option<String>,
}

/// An S3 bucket.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bucket {
    /// Its logical id.
    pub id: String,
    /// Its physical name.
    pub name: String,
    /// Whether the distribution may list it. If not, it says "forbidden" where it could say "missing".
    pub cdn_lists: bool,
    /// What pages of other origins may do with it.
    pub cors: Vec<CorsRule>,
}

/// What pages of some origins may ask a bucket for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CorsRule {
    /// The origins.
    pub origins: Vec<String>,
    /// The methods.
    pub methods: Vec<String>,
    /// The headers, in small letters.
    pub headers: Vec<String>,
}

/// A Secrets Manager secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Secret {
    /// Its logical id.
    pub id: String,
    /// Its name.
    pub name: String,
    /// Its ARN, which `!Ref` gives.
    pub arn: String,
    /// What it holds at first.
    pub text: SecretText,
}

/// What a secret holds at first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SecretText {
    /// Nothing until somebody puts a value.
    Empty,
    /// This text.
    Given(String),
    /// So many random characters, alone or as one member of a JSON object.
    Generated {
        /// How many.
        characters: u32,
        /// Characters that must not occur.
        without: String,
        /// The JSON object and the name of the member.
        within: Option<(String, String)>,
    },
}

pub(super) fn table(resource: &Resource<'_>, scope: &Scope<'_>) -> Result<Table, TemplateError> {
    let properties = &resource.properties;
    let name = named(resource, "TableName", scope)?;
    let stream_view =
        properties.get("StreamSpecification").get("StreamViewType").optional_text(scope)?;
    let mut create = Map::new();
    create.insert("TableName".to_owned(), json!(name));
    create.insert("BillingMode".to_owned(), json!("PAY_PER_REQUEST"));
    for required in ["AttributeDefinitions", "KeySchema"] {
        let property = properties.get(required);
        if !property.value.is_array() {
            return Err(property.broken("it must be a list"));
        }
        create.insert(required.to_owned(), property.resolved(scope)?);
    }
    for optional in ["GlobalSecondaryIndexes", "LocalSecondaryIndexes"] {
        let property = properties.get(optional);
        if !property.is_missing() {
            create.insert(optional.to_owned(), property.resolved(scope)?);
        }
    }
    if let Some(view) = &stream_view {
        let stream = json!({"StreamEnabled": true, "StreamViewType": view});
        create.insert("StreamSpecification".to_owned(), stream);
    }
    let ttl = properties.get("TimeToLiveSpecification");
    let ttl_attribute = if ttl.get("Enabled").truth(scope)? {
        Some(ttl.get("AttributeName").text(scope)?)
    } else {
        None
    };
    let id = resource.id.to_owned();
    Ok(Table { id, name, create: Value::Object(create), stream_view, ttl_attribute })
}

pub(super) fn bucket(
    resource: &Resource<'_>,
    policies: &[&Resource<'_>],
    scope: &Scope<'_>,
) -> Result<Bucket, TemplateError> {
    let id = resource.id.to_owned();
    let name = scope.bucket_name(resource.id);
    let name = name.map_err(|reason| resource.properties.get("BucketName").broken(reason))?;
    let cdn_lists = policies.iter().any(|policy| {
        policy.properties.get("Bucket").value.get("Ref").is_some_and(|of| *of == id.as_str())
            && policy.properties.get("PolicyDocument").get("Statement").items().any(|s| lists(&s))
    });
    let rules = resource.properties.get("CorsConfiguration").get("CorsRules");
    let cors = rules.items().map(|rule| cors_rule(&rule, scope)).collect::<Result<_, _>>()?;
    Ok(Bucket { id, name, cdn_lists, cors })
}

fn cors_rule(rule: &Node<'_>, scope: &Scope<'_>) -> Result<CorsRule, TemplateError> {
    let texts = |name: &str| rule.get(name).items().map(|text| text.text(scope)).collect();
    let headers: Result<Vec<String>, _> = texts("AllowedHeaders");
    Ok(CorsRule {
        origins: texts("AllowedOrigins")?,
        methods: texts("AllowedMethods")?,
        headers: headers?.into_iter().map(|name| name.to_lowercase()).collect(),
    })
}

/// Whether a statement of a bucket's policy lets the distribution list the bucket.
fn lists(statement: &Node<'_>) -> bool {
    let lists = |action: &Value| action == "s3:ListBucket" || action == "s3:*";
    let action = statement.get("Action");
    let principal = statement.get("Principal");
    statement.get("Effect").value == "Allow"
        && principal.get("Service").value == "cloudfront.amazonaws.com"
        && (lists(action.value) || action.items().any(|action| lists(action.value)))
}

pub(super) fn secret(resource: &Resource<'_>, scope: &Scope<'_>) -> Result<Secret, TemplateError> {
    let properties = &resource.properties;
    let generate = properties.get("GenerateSecretString");
    let given = properties.get("SecretString").optional_text(scope)?;
    let text = if let Some(given) = given {
        SecretText::Given(given)
    } else if generate.is_missing() {
        SecretText::Empty
    } else {
        generated(&generate, scope)?
    };
    let arn = scope.secret_arn(resource.id).map_err(|reason| properties.broken(reason))?;
    Ok(Secret { id: resource.id.to_owned(), name: named(resource, "Name", scope)?, arn, text })
}

fn generated(generate: &Node<'_>, scope: &Scope<'_>) -> Result<SecretText, TemplateError> {
    let characters = generate.get("PasswordLength").number(scope)?;
    let mut without = generate.get("ExcludeCharacters").optional_text(scope)?.unwrap_or_default();
    for (property, characters) in [
        ("ExcludePunctuation", "!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~"),
        ("ExcludeNumbers", "0123456789"),
        ("ExcludeLowercase", "abcdefghijklmnopqrstuvwxyz"),
        ("ExcludeUppercase", "ABCDEFGHIJKLMNOPQRSTUVWXYZ"),
    ] {
        if generate.get(property).truth(scope)? {
            without.push_str(characters);
        }
    }
    let template = generate.get("SecretStringTemplate").optional_text(scope)?;
    let within = match template {
        Some(template) => Some((template, generate.get("GenerateStringKey").text(scope)?)),
        None => None,
    };
    let characters = characters.unwrap_or(SECRET_CHARACTERS_DEFAULT);
    Ok(SecretText::Generated { characters, without, within })
}

pub(super) fn named(
    resource: &Resource<'_>,
    property: &str,
    scope: &Scope<'_>,
) -> Result<String, TemplateError> {
    scope
        .physical_name(resource.id, property)
        .map_err(|reason| resource.properties.get(property).broken(reason))
}
