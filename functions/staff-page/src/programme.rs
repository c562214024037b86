//! GET /staff/{restaurant_id}/programme: for what there are points at this restaurant, for whoever works there. Reading
//! programmes takes another scope, which the key of a scanner need not have.

use adapters::table::Table;
use axum::Json;
use axum::extract::{Path, State};
use domain::programme::{Earning, ProgrammeRefused};
use serde::Serialize;
use utoipa::ToSchema;
use web::loyalty::staff::RestaurantStaff;
use web::problem::ProblemBody;
use web::{Problem, may};

/// What a scanner has to know.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct StaffProgramme {
    /// The restaurant's name.
    restaurant: String,
    /// The programme's name.
    programme: String,
    /// For what there are points.
    earning: Earning,
}

/// What the restaurant's scanner has to know of its programme.
#[utoipa::path(
    get,
    path = "/staff/{restaurant_id}/programme",
    tag = "loyalty",
    operation_id = "staff_programme",
    params(("restaurant_id" = String, Path, description = "The restaurant")),
    responses(
        (status = 200, description = "The programme", body = StaffProgramme),
        (status = 404, description = "No such restaurant, or not this key's", body = ProblemBody, content_type = "application/problem+json"),
    ),
    security(("api_key" = ["loyalty:redeem"]))
)]
pub(crate) async fn staff_programme(
    State(table): State<Table>,
    staff: RestaurantStaff<may::LoyaltyRedeem>,
    Path(named): Path<String>,
) -> Result<Json<StaffProgramme>, Problem> {
    let restaurant = staff.restaurant(&table, Some(&named)).await?;
    let programme = table.programme(&staff.tenant, &restaurant.programme).await?;
    let programme = programme.ok_or(ProgrammeRefused::Unknown)?;
    Ok(Json(StaffProgramme {
        restaurant: restaurant.profile.name,
        programme: programme.terms.name,
        earning: programme.terms.earning,
    }))
}
