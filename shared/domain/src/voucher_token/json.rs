//! One call from JSON to JSON, so that a browser, a script and a test ask the same verifier the same question.
//!
//! Deliberately absent: anything that [`Verifier`] does not decide. Whoever verifies many tokens keeps a [`Verifier`],
//! which parses its keys once.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{Claims, Form, KeySet, Realm, TokenKind, TokenRefused, Verifier};
use crate::id::TenantId;

/// What is asked.
#[derive(Deserialize)]
struct Question<'q> {
    /// The JWK set.
    jwks: Value,
    /// The expected issuer.
    iss: String,
    /// The expected tenant.
    aud: TenantId,
    /// The kinds that will do.
    kinds: Vec<String>,
    /// What was read.
    #[serde(borrow)]
    token: std::borrow::Cow<'q, str>,
    /// The tenant's signed status list, where there is one.
    status: Option<String>,
    /// Unix seconds.
    now: i64,
}

/// What is answered.
#[derive(Serialize)]
struct Answer {
    verdict: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    claims: Option<Value>,
}

/// Asks the verifier: `{jwks, iss, aud, kinds, token, now, status?}` with `kinds` from `standard`, `user` and `print`,
/// `now` in Unix seconds. The answer is `{verdict, claims?}`: `valid`, a [`TokenRefused::name`], or `bad_question`
/// when the question itself, its keys or its status list cannot be used.
pub fn verify_json(question: &str) -> String {
    let answer = match answered(question) {
        None => Answer { verdict: "bad_question", claims: None },
        Some(Ok(claims)) => Answer { verdict: "valid", claims: Some(shown(&claims)) },
        Some(Err(refused)) => {
            Answer { verdict: refused.name(), claims: refused.claims().map(shown) }
        }
    };
    serde_json::to_string(&answer).unwrap_or_default()
}

fn answered(question: &str) -> Option<Result<Claims, TokenRefused>> {
    let asked: Question<'_> = serde_json::from_str(question).ok()?;
    let kind = |name: &String| TokenKind::ALL.into_iter().find(|kind| kind.name() == name);
    let kinds: Vec<TokenKind> = asked.kinds.iter().map(kind).collect::<Option<_>>()?;
    let now = Timestamp::from_second(asked.now).ok()?;
    let keys = KeySet::parse(&asked.jwks.to_string()).ok()?;
    let verifier = Verifier::new(keys, Realm::new(&asked.iss, asked.aud));
    let status = match asked.status {
        Some(token) => Some(verifier.status_list(&token, now).ok()?.bits),
        None => None,
    };
    Some(verifier.verify(&asked.token, &kinds, status.as_ref(), now))
}

/// Claims under the names that they have in a JWT, and their kind.
fn shown(claims: &Claims) -> Value {
    let mut shown = json!({
        "kind": claims.kind().name(),
        "vid": claims.voucher,
        "idx": claims.index.get(),
        "iat": claims.issued_at.as_second(),
        "exp": claims.expires_at.as_second(),
    });
    match &claims.form {
        Form::User { customer: Some(customer) } => shown["uid"] = json!(customer),
        Form::Print { batch: Some(batch) } => {
            shown["btc"] = json!(batch.code);
            shown["lmt"] = json!(batch.limit);
        }
        Form::Standard | Form::User { .. } | Form::Print { .. } => {}
    }
    shown
}
