//! Forms: what was typed, and a token that only our own page of this very session can have (T47). The token carries a
//! key, so that a form that is sent twice does its work once.

use std::fmt;
use std::marker::PhantomData;

use adapters::clock::Clock;
use adapters::ids::Ids;
use adapters::secrets::SecretError;
use adapters::table::{Answer, Claim, ClaimOutcome, Table};
use axum::extract::{FromRef, FromRequest, Request};
use axum::http::StatusCode;
use domain::access::hex;
use domain::failure::chain;
use domain::limit::SESSION_HOURS;
use jiff::Timestamp;
use sha2::{Digest, Sha256};
use url::form_urlencoded;

use super::staff::{SignedIn, Staff, TurnedAway, is_from_our_page};
use crate::idempotency::KeyRefused;
use crate::input;
use crate::principal::Permission;
use crate::problem::Problem;
use crate::seal::Seal;
use crate::tip::FormRefused;

/// What tokens are sealed for.
const PURPOSE: &str = "desk-form";
/// The form's field with the token.
const TOKEN: &str = "csrf";

/// What was typed. It is not printed.
#[derive(Clone, Default)]
pub struct Fields(Vec<(String, String)>);

impl fmt::Debug for Fields {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Fields({})", self.0.len())
    }
}

impl Fields {
    /// Reads a form's body or a query.
    pub fn parse(encoded: &[u8]) -> Self {
        Self(form_urlencoded::parse(encoded).into_owned().collect())
    }

    /// What a field holds, as it was typed; nothing where it is not there. Of one that is there twice the last counts.
    pub fn get(&self, name: &str) -> &str {
        let found = self.0.iter().rev().find(|(of, _)| of == name);
        found.map(|(_, value)| value.as_str()).unwrap_or_default()
    }

    /// What a field holds, unless it is blank.
    pub fn given(&self, name: &str) -> Option<String> {
        Some(self.get(name).trim().to_owned()).filter(|text| !text.is_empty())
    }

    /// What a person has typed, with the fields' names as words.
    pub(super) fn shown(self) -> Vec<(String, String)> {
        let typed = self.0.into_iter().filter(|(name, value)| name != TOKEN && !value.is_empty());
        typed.map(|(name, value)| (name.replace('_', " "), value)).collect()
    }

    /// Whether a box is ticked.
    pub fn ticked(&self, name: &str) -> bool {
        !self.get(name).is_empty()
    }
}

/// The token of a page's forms.
#[derive(Debug)]
pub struct FormToken;

impl FormToken {
    /// A token for this session only.
    ///
    /// # Errors
    /// [`SecretError`].
    pub async fn make(seal: &Seal, ids: &Ids, session: &str) -> Result<String, SecretError> {
        let value = format!("{}|{}", hex(&ids.bytes::<16>()), ids.now().as_second());
        seal.close(&[PURPOSE, session], &value).await
    }

    /// The key of a token that we have made for this session.
    ///
    /// # Errors
    /// [`SecretError`]; inside, [`FormRefused`].
    pub async fn open(
        seal: &Seal,
        session: &str,
        token: &str,
        now: Timestamp,
    ) -> Result<Result<String, FormRefused>, SecretError> {
        let opened = seal.open(&[PURPOSE, session], token).await?;
        let parts = opened.as_deref().and_then(|value| value.split_once('|'));
        let parts = parts.and_then(|(key, at)| Some((key.to_owned(), at.parse::<i64>().ok()?)));
        Ok(match parts {
            Some((key, at)) if now.as_second().saturating_sub(at) <= SESSION_HOURS * 3600 => {
                Ok(key)
            }
            Some(_) => Err(FormRefused::Expired),
            None => Err(FormRefused::Foreign),
        })
    }
}

/// A form that somebody with the permission has sent from our own page.
#[derive(Debug)]
pub struct Sent<P> {
    /// Who.
    pub who: SignedIn,
    /// What was typed.
    pub fields: Fields,
    key: String,
    fingerprint: String,
    permission: PhantomData<P>,
}

impl<P, S> FromRequest<S> for Sent<P>
where
    P: Permission,
    S: Send + Sync,
    Table: FromRef<S>,
    Clock: FromRef<S>,
    Seal: FromRef<S>,
{
    type Rejection = TurnedAway;

    async fn from_request(request: Request, state: &S) -> Result<Self, TurnedAway> {
        let (mut parts, body) = request.into_parts();
        let (table, clock) = (Table::from_ref(state), Clock::from_ref(state));
        let who = SignedIn::of(&mut parts, &table, &clock).await;
        let staff = who.and_then(|who| Ok(Staff::<P>::of(who)?));
        let staff = staff.map_err(|problem| TurnedAway::from(&parts, problem));
        let who = match staff {
            Ok(staff) => staff.who,
            Err(away) if away.is_out() && is_from_our_page(&parts) => {
                let head = parts.clone();
                let bytes = input::bytes(Request::from_parts(parts, body), state).await?;
                return Err(away.with_typed(&head, Fields::parse(&bytes)));
            }
            Err(away) => return Err(away),
        };
        let bytes = input::bytes(Request::from_parts(parts, body), state).await?;
        let fields = Fields::parse(&bytes);
        let seal = Seal::from_ref(state);
        let key = FormToken::open(&seal, &who.session, fields.get(TOKEN), clock.now()).await??;
        let fingerprint = hex(&Sha256::digest(&bytes));
        Ok(Self { who, fields, key, fingerprint, permission: PhantomData })
    }
}

/// Whose turn it is to do what a form asks for.
#[derive(Debug)]
pub enum Turn {
    /// Ours. The answer goes into the transaction that has the effect.
    Ours(Box<(Claim, Answer)>),
    /// It was done before, and led there.
    Done(String),
}

impl<P> Sent<P> {
    /// Claims the form for what it asks for; `leads_to` is the page that follows when it is done.
    ///
    /// # Errors
    /// [`KeyRefused`] where the form was sent with something else, or is being worked on; or the store's failure.
    pub async fn claim(
        &self,
        table: &Table,
        ids: &Ids,
        operation: &str,
        leads_to: &str,
    ) -> Result<Turn, Problem> {
        let named = (self.who.key.as_str(), operation, self.key.as_str());
        let holder = hex(&ids.bytes::<8>());
        Ok(match table.claim(named, &self.fingerprint, holder, ids.now()).await? {
            ClaimOutcome::Ours(claim) => {
                let status = StatusCode::SEE_OTHER.as_u16();
                Turn::Ours(Box::new((claim, Answer { status, body: leads_to.to_owned() })))
            }
            ClaimOutcome::Done(answer) => Turn::Done(answer.body),
            ClaimOutcome::Running => return Err(KeyRefused::Running.into()),
            ClaimOutcome::OtherRequest => return Err(KeyRefused::OtherRequest.into()),
        })
    }

    /// Does what the form asks for, once: sent again, it leads to where it led at first. `work` writes the answer
    /// together with its effect, or leaves that to us.
    ///
    /// # Errors
    /// As [`Sent::claim`], or the work's own failure; then the form may be sent again.
    pub async fn once<F, Fut>(
        &self,
        (table, ids): (&Table, &Ids),
        operation: &str,
        leads_to: String,
        work: F,
    ) -> Result<String, Problem>
    where
        F: FnOnce((Claim, Answer)) -> Fut,
        Fut: Future<Output = Result<(), Problem>>,
    {
        let (claim, answer) = match self.claim(table, ids, operation, &leads_to).await? {
            Turn::Done(led_to) => return Ok(led_to),
            Turn::Ours(ours) => *ours,
        };
        let worked = work((claim.clone(), answer.clone())).await;
        let settled = match &worked {
            Ok(()) => table.insert_answer(&claim, &answer).await,
            Err(_) => table.delete_claim(&claim).await,
        };
        if let Err(error) = settled {
            // The effect stands, or there is none; the lease ends by itself.
            tracing::warn!(error = chain(&error), "a form's claim could not be settled");
        }
        worked.map(|()| leads_to)
    }
}
