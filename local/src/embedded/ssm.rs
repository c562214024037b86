//! Systems Manager parameters: put, get, delete, and list by path.
//!
//! Deliberately absent: history, labels and policies, which no function uses.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

use adapters::clock::Clock;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::aws::{AwsError, text};
use super::files::{self, Readers};

/// `GetParametersByPath` gives at most so many on a page, as AWS does.
const PAGE_MAX: usize = 10;

/// The parameters, kept in one file that only its owner may read: a day's salt is a secret.
#[derive(Debug)]
pub(crate) struct Parameters {
    file: PathBuf,
    clock: Clock,
    by_name: Mutex<BTreeMap<String, Parameter>>,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
struct Parameter {
    value: String,
    kind: String,
    version: u64,
    modified_ms: i64,
}

impl Parameters {
    pub(crate) fn open(file: &Path, clock: Clock) -> std::io::Result<Self> {
        let by_name = Mutex::new(files::read_or_default(file)?);
        Ok(Self { file: file.to_path_buf(), clock, by_name })
    }

    pub(super) fn answer(&self, operation: &str, input: &Value) -> Result<Value, AwsError> {
        match operation {
            "PutParameter" => self.put(input),
            "GetParameter" => self.get(input),
            "GetParameters" => Ok(self.get_several(input)),
            "DeleteParameter" => self.delete(input),
            "GetParametersByPath" => self.by_path(input),
            other => Err(AwsError::new("UnknownOperationException", format!("no {other} here"))),
        }
    }

    fn put(&self, input: &Value) -> Result<Value, AwsError> {
        let name = named(input)?;
        let value = text(input, "Value")
            .ok_or_else(|| AwsError::new("ValidationException", "Value is required"))?;
        let mut parameters = self.lock();
        let before = parameters.get(name);
        if before.is_some() && input.get("Overwrite") != Some(&Value::Bool(true)) {
            let message = "The parameter already exists. To overwrite this value, set the \
                           overwrite option in the request to true.";
            return Err(AwsError::new("ParameterAlreadyExists", message));
        }
        let version = before.map_or(1, |before| before.version + 1);
        let kind = text(input, "Type").or(before.map(|before| before.kind.as_str()));
        let parameter = Parameter {
            value: value.to_owned(),
            kind: kind.unwrap_or("String").to_owned(),
            version,
            modified_ms: self.clock.now().as_millisecond(),
        };
        let mut after = parameters.clone();
        after.insert(name.to_owned(), parameter);
        self.keep(&mut parameters, after)?;
        Ok(json!({"Version": version, "Tier": "Standard"}))
    }

    fn get(&self, input: &Value) -> Result<Value, AwsError> {
        let name = named(input)?;
        let parameters = self.lock();
        let parameter = parameters.get(name);
        let parameter = parameter.ok_or_else(|| AwsError::new("ParameterNotFound", name))?;
        Ok(json!({"Parameter": described(name, parameter)}))
    }

    fn get_several(&self, input: &Value) -> Value {
        let names = input.get("Names").and_then(Value::as_array).cloned().unwrap_or_default();
        let parameters = self.lock();
        let (mut found, mut invalid) = (Vec::new(), Vec::new());
        for name in names.iter().filter_map(Value::as_str) {
            match parameters.get(name) {
                Some(parameter) => found.push(described(name, parameter)),
                None => invalid.push(name.to_owned()),
            }
        }
        json!({"Parameters": found, "InvalidParameters": invalid})
    }

    fn delete(&self, input: &Value) -> Result<Value, AwsError> {
        let name = named(input)?;
        let mut parameters = self.lock();
        let mut after = parameters.clone();
        if after.remove(name).is_none() {
            return Err(AwsError::new("ParameterNotFound", name));
        }
        self.keep(&mut parameters, after)?;
        Ok(json!({}))
    }

    fn by_path(&self, input: &Value) -> Result<Value, AwsError> {
        let path = text(input, "Path").filter(|path| path.starts_with('/'));
        let path = path.ok_or_else(|| AwsError::new("ValidationException", "Path is required"))?;
        let path = format!("{}/", path.trim_end_matches('/'));
        let recursive = input.get("Recursive") == Some(&Value::Bool(true));
        let limit = input.get("MaxResults").and_then(Value::as_u64);
        let limit =
            limit.and_then(|n| usize::try_from(n).ok()).unwrap_or(PAGE_MAX).clamp(1, PAGE_MAX);
        let after = text(input, "NextToken").unwrap_or_default();
        let parameters = self.lock();
        let mut page: Vec<_> = parameters
            .iter()
            .filter(|(name, _)| name.as_str() > after)
            .filter(|(name, _)| {
                name.strip_prefix(&path).is_some_and(|rest| recursive || !rest.contains('/'))
            })
            .take(limit + 1)
            .collect();
        let more = page.len() > limit;
        page.truncate(limit);
        let token = page.last().filter(|_| more).map(|(name, _)| name.as_str());
        let described: Vec<Value> = page.iter().map(|(name, p)| described(name, p)).collect();
        Ok(json!({"Parameters": described, "NextToken": token}))
    }

    /// Durable first, visible second: an answer must not run ahead of the disk.
    fn keep(
        &self,
        parameters: &mut BTreeMap<String, Parameter>,
        after: BTreeMap<String, Parameter>,
    ) -> Result<(), AwsError> {
        files::replace(&self.file, &after, Readers::Owner).map_err(|e| AwsError::disk(&e))?;
        *parameters = after;
        Ok(())
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<String, Parameter>> {
        self.by_name.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn named(input: &Value) -> Result<&str, AwsError> {
    text(input, "Name").ok_or_else(|| AwsError::new("ValidationException", "Name is required"))
}

fn described(name: &str, parameter: &Parameter) -> Value {
    #[expect(
        clippy::cast_precision_loss,
        reason = "AWS writes instants as seconds with a fraction"
    )]
    let modified = parameter.modified_ms as f64 / 1000.0;
    json!({
        "Name": name,
        "Type": parameter.kind,
        "Value": parameter.value,
        "Version": parameter.version,
        "LastModifiedDate": modified,
        "ARN": format!("arn:aws:ssm:us-east-1:000000000000:parameter{name}"),
        "DataType": "text",
    })
}
