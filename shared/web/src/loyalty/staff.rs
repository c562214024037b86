//! Who works for loyalty: somebody with a key, or with the session of a page that stands for one, and the one
//! restaurant that it is bound to, where it is. What is another restaurant's is not there for them.
//!
//! Deliberately absent: customers, whose cookie is another one.

use std::marker::PhantomData;

use adapters::clock::Clock;
use adapters::table::Table;
use axum::extract::{FromRef, FromRequestParts};
use axum::http::request::Parts;
use domain::access::{ApiKey, Binding, BindingKind};
use domain::failure::{FieldError, InvalidFields};
use domain::id::{KeyId, RestaurantId, TenantId};
use domain::restaurant::{Restaurant, RestaurantRefused};

use crate::principal::{AccessRefused, Permission, enter, key_of_request};
use crate::problem::Problem;

/// Somebody who holds the permission: for all of a tenant's restaurants, or for one.
#[derive(Clone, Debug)]
pub struct RestaurantStaff<P> {
    /// Whose restaurants.
    pub tenant: TenantId,
    /// The key, for the record.
    pub key: KeyId,
    /// The one restaurant that it is bound to; all of the tenant's when there is none.
    pub bound_to: Option<RestaurantId>,
    permission: PhantomData<P>,
}

impl<P> RestaurantStaff<P> {
    /// Whether what belongs to this restaurant is there for it.
    pub fn may_see(&self, restaurant: &RestaurantId) -> bool {
        self.bound_to.as_ref().is_none_or(|own| own == restaurant)
    }

    /// The restaurant that a request is about: the one that it names, or the only one that there is for this key.
    ///
    /// # Errors
    /// [`RestaurantRefused::Unknown`] for another one's, [`InvalidFields`] where none is named, or the store's
    /// failure.
    pub async fn restaurant(
        &self,
        table: &Table,
        named: Option<&str>,
    ) -> Result<Restaurant, Problem> {
        let id = match (named, &self.bound_to) {
            (Some(named), _) => {
                RestaurantId::parse(named).map_err(|_| RestaurantRefused::Unknown)?
            }
            (None, Some(own)) => own.clone(),
            (None, None) => {
                let detail = "name the restaurant: this key is not bound to one";
                let error = FieldError::new("restaurant_id", "missing", detail);
                return Err(InvalidFields(vec![error]).into());
            }
        };
        if !self.may_see(&id) {
            return Err(RestaurantRefused::Unknown.into());
        }
        Ok(table.restaurant(&self.tenant, &id).await?.ok_or(RestaurantRefused::Unknown)?)
    }
}

impl<P, S> FromRequestParts<S> for RestaurantStaff<P>
where
    P: Permission,
    S: Send + Sync,
    Table: FromRef<S>,
    Clock: FromRef<S>,
{
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let key = key_of_request(parts, &Table::from_ref(state), &Clock::from_ref(state)).await?;
        if !key.scopes.contains(&P::SCOPE) {
            return Err(AccessRefused::MissingScope(P::SCOPE).into());
        }
        let bound_to = restaurant_bound(&key)?;
        enter(&key, parts);
        Ok(Self { tenant: key.tenant, key: key.id, bound_to, permission: PhantomData })
    }
}

/// The restaurant that a key is bound to, where it is; one that is bound to something else finds nothing here.
fn restaurant_bound(key: &ApiKey) -> Result<Option<RestaurantId>, AccessRefused> {
    match &key.bound_to {
        None => Ok(None),
        Some(Binding { kind: BindingKind::Restaurant, id }) => {
            RestaurantId::parse(id).map(Some).map_err(|_| AccessRefused::Bound)
        }
        Some(_) => Err(AccessRefused::Bound),
    }
}
