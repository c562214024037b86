//! Secrets Manager: get by stage, create, put.
//!
//! A secret that the template has generated is made at the first start and then kept. Deliberately absent: rotation
//! functions, deletion windows and replication.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

use adapters::clock::Clock;
use adapters::random::Random;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::aws::{AwsError, text};
use super::files::{self, Readers};
use crate::template::{Secret, SecretText};

const CURRENT: &str = "AWSCURRENT";
const PREVIOUS: &str = "AWSPREVIOUS";

/// The secrets, kept in one file that only its owner may read.
#[derive(Debug)]
pub(crate) struct Secrets {
    file: PathBuf,
    clock: Clock,
    random: Random,
    kept: Mutex<Kept>,
}

/// By name.
type Kept = BTreeMap<String, Versions>;

#[derive(Clone, Debug, Serialize, Deserialize)]
struct Versions {
    arn: String,
    current: Option<Version>,
    previous: Option<Version>,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
struct Version {
    id: String,
    text: String,
    created_ms: i64,
}

impl Secrets {
    pub(crate) fn open(file: &Path, clock: Clock, random: Random) -> std::io::Result<Self> {
        let kept = Mutex::new(files::read_or_default(file)?);
        Ok(Self { file: file.to_path_buf(), clock, random, kept })
    }

    /// Makes the secrets of the template that are not there yet.
    pub(crate) fn ensure(&self, secrets: &[Secret]) -> Result<(), String> {
        let mut kept = self.lock();
        let mut after = kept.clone();
        for secret in secrets.iter().filter(|secret| !kept.contains_key(&secret.name)) {
            let text = match &secret.text {
                SecretText::Empty => None,
                SecretText::Given(text) => Some(text.clone()),
                SecretText::Generated { characters, without, within } => {
                    Some(self.generated(*characters, without, within.as_ref())?)
                }
            };
            let current = text.map(|text| self.version(None, text));
            let versions = Versions { arn: secret.arn.clone(), current, previous: None };
            after.insert(secret.name.clone(), versions);
        }
        if after.len() == kept.len() {
            return Ok(());
        }
        files::replace(&self.file, &after, Readers::Owner).map_err(|error| error.to_string())?;
        *kept = after;
        Ok(())
    }

    /// The text that a dynamic reference of CloudFormation means, for example
    /// `{{resolve:secretsmanager:arn:…:secret:name:SecretString:key}}`; other text means itself.
    pub(crate) fn resolve(&self, text: &str) -> Option<String> {
        let inner =
            text.strip_prefix("{{resolve:secretsmanager:").and_then(|t| t.strip_suffix("}}"));
        let Some(inner) = inner else {
            return Some(text.to_owned());
        };
        // An ARN has seven parts; a name has no colon.
        let parts: Vec<&str> = inner.split(':').collect();
        let (id, rest) = parts.split_at_checked(if inner.starts_with("arn:") { 7 } else { 1 })?;
        let kept = self.lock();
        let (_, versions) = found(&kept, &json!({"SecretId": id.join(":")})).ok()?;
        let secret = &versions.current.as_ref()?.text;
        match rest {
            [] | ["SecretString"] => Some(secret.clone()),
            ["SecretString", key] => {
                let object: Value = serde_json::from_str(secret).ok()?;
                object.get(key)?.as_str().map(str::to_owned)
            }
            _ => None,
        }
    }

    /// Makes sure that the secret of this name holds this text; another one becomes its previous version.
    pub(crate) fn ensure_text(&self, name: &str, wanted: &str) -> Result<(), String> {
        let present = {
            let kept = self.lock();
            kept.get(name).map(|versions| versions.current.as_ref().map(|v| v.text.clone()))
        };
        let written = match present {
            Some(Some(text)) if text == wanted => return Ok(()),
            Some(_) => self.put(&json!({"SecretId": name, "SecretString": wanted})),
            None => self.create(&json!({"Name": name, "SecretString": wanted})),
        };
        written.map(drop).map_err(|error| error.message)
    }

    pub(super) fn answer(&self, operation: &str, input: &Value) -> Result<Value, AwsError> {
        match operation {
            "GetSecretValue" => self.get(input),
            "CreateSecret" => self.create(input),
            "PutSecretValue" => self.put(input),
            other => Err(AwsError::new("UnknownOperationException", format!("no {other} here"))),
        }
    }

    fn get(&self, input: &Value) -> Result<Value, AwsError> {
        let kept = self.lock();
        let (name, versions) = found(&kept, input)?;
        let stage = text(input, "VersionStage").unwrap_or(CURRENT);
        let version = match (text(input, "VersionId"), stage) {
            (Some(id), _) => {
                [&versions.current, &versions.previous].into_iter().flatten().find(|v| v.id == id)
            }
            (None, CURRENT) => versions.current.as_ref(),
            (None, PREVIOUS) => versions.previous.as_ref(),
            _ => None,
        };
        let version = version.ok_or_else(|| {
            let message = format!(
                "Secrets Manager can't find the specified secret value for staging label: {stage}"
            );
            AwsError::new("ResourceNotFoundException", message)
        })?;
        let is_current = versions.current.as_ref().is_some_and(|current| current.id == version.id);
        #[expect(
            clippy::cast_precision_loss,
            reason = "AWS writes instants as seconds with a fraction"
        )]
        let created = version.created_ms as f64 / 1000.0;
        Ok(json!({
            "ARN": versions.arn,
            "Name": name,
            "VersionId": version.id,
            "SecretString": version.text,
            "VersionStages": [if is_current { CURRENT } else { PREVIOUS }],
            "CreatedDate": created,
        }))
    }

    fn create(&self, input: &Value) -> Result<Value, AwsError> {
        let name = text(input, "Name")
            .ok_or_else(|| AwsError::new("InvalidParameterException", "Name is required"))?;
        let mut kept = self.lock();
        if kept.contains_key(name) {
            let message = format!("The operation failed because the secret {name} already exists.");
            return Err(AwsError::new("ResourceExistsException", message));
        }
        let arn = format!("arn:aws:secretsmanager:us-east-1:000000000000:secret:{name}");
        let given = text(input, "SecretString");
        let current =
            given.map(|given| self.version(text(input, "ClientRequestToken"), given.to_owned()));
        let id = current.as_ref().map(|version| version.id.clone());
        let mut after = kept.clone();
        after.insert(name.to_owned(), Versions { arn: arn.clone(), current, previous: None });
        self.keep(&mut kept, after)?;
        Ok(json!({"ARN": arn, "Name": name, "VersionId": id}))
    }

    fn put(&self, input: &Value) -> Result<Value, AwsError> {
        let given = text(input, "SecretString").ok_or_else(|| {
            AwsError::new("InvalidParameterException", "SecretString is required")
        })?;
        let version = self.version(text(input, "ClientRequestToken"), given.to_owned());
        let mut kept = self.lock();
        let (name, versions) = found(&kept, input)?;
        let (name, arn) = (name.clone(), versions.arn.clone());
        let same = versions.current.as_ref().filter(|current| current.id == version.id);
        let answer = |id: &str| json!({"ARN": arn, "Name": name, "VersionId": id, "VersionStages": [CURRENT]});
        match same {
            // A retry of the same call changes nothing.
            Some(same) if same.text == version.text => return Ok(answer(&same.id)),
            Some(_) => {
                let message =
                    "You can't modify an existing version, you can only create a new version.";
                return Err(AwsError::new("ResourceExistsException", message));
            }
            None => {}
        }
        let answer = answer(&version.id);
        let mut after = kept.clone();
        if let Some(versions) = after.get_mut(&name) {
            versions.previous = versions.current.replace(version).or(versions.previous.take());
        }
        self.keep(&mut kept, after)?;
        Ok(answer)
    }

    fn version(&self, id: Option<&str>, text: String) -> Version {
        let id = id.map_or_else(|| hex::encode(self.random.bytes::<16>()), str::to_owned);
        Version { id, text, created_ms: self.clock.now().as_millisecond() }
    }

    fn generated(
        &self,
        characters: u32,
        without: &str,
        within: Option<&(String, String)>,
    ) -> Result<String, String> {
        let alphabet: Vec<u8> =
            (b'!'..=b'~').filter(|c| !without.contains(char::from(*c))).collect();
        if alphabet.is_empty() {
            return Err("a generated secret has no characters left".to_owned());
        }
        // Bytes past the last whole multiple are left out, so that each character is equally likely.
        let whole = 256 - 256 % alphabet.len();
        let mut secret = String::new();
        while secret.len() < characters as usize {
            let [byte] = self.random.bytes::<1>();
            if usize::from(byte) < whole {
                secret.push(char::from(alphabet[usize::from(byte) % alphabet.len()]));
            }
        }
        let Some((template, member)) = within else {
            return Ok(secret);
        };
        let mut object: Map<String, Value> = serde_json::from_str(template)
            .map_err(|error| format!("SecretStringTemplate: {error}"))?;
        object.insert(member.clone(), Value::String(secret));
        Ok(Value::Object(object).to_string())
    }

    /// Durable first, visible second: an answer must not run ahead of the disk.
    fn keep(&self, kept: &mut Kept, after: Kept) -> Result<(), AwsError> {
        files::replace(&self.file, &after, Readers::Owner).map_err(|e| AwsError::disk(&e))?;
        *kept = after;
        Ok(())
    }

    fn lock(&self) -> MutexGuard<'_, Kept> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// By name or by ARN, as AWS allows.
fn found<'k>(kept: &'k Kept, input: &Value) -> Result<(&'k String, &'k Versions), AwsError> {
    let wanted = text(input, "SecretId").unwrap_or_default();
    kept.iter().find(|(name, versions)| *name == wanted || versions.arn == wanted).ok_or_else(
        || {
            let message = "Secrets Manager can't find the specified secret.";
            AwsError::new("ResourceNotFoundException", message)
        },
    )
}
