//! The form of a guard's profile: for a new one and for one that is there.

use domain::failure::InvalidFields;
use domain::guard::{GuardProfile, GuardWishes};
use web::desk::{Field, Fields, Wrongs};

/// What is typed about a guard.
pub(crate) fn wishes_of(fields: &Fields) -> GuardWishes {
    GuardWishes {
        first_name: fields.get("first_name").to_owned(),
        last_name: fields.get("last_name").to_owned(),
        employee_id: fields.get("employee_id").to_owned(),
        phone: fields.given("phone"),
        email: fields.given("email"),
        post: fields.given("post"),
    }
}

/// What is known about a guard, as it would be typed.
pub(crate) fn typed(profile: &GuardProfile) -> GuardWishes {
    GuardWishes {
        first_name: profile.first_name.clone(),
        last_name: profile.last_name.clone(),
        employee_id: profile.employee_id.clone(),
        phone: profile.phone.clone().map(String::from),
        email: profile.email.clone().map(String::from),
        post: profile.post.clone(),
    }
}

/// What is typed, checked.
pub(crate) fn parse(fields: &Fields) -> Result<GuardProfile, InvalidFields> {
    GuardProfile::parse(&wishes_of(fields))
}

/// The fields, with what was typed and what is wrong with it.
pub(crate) fn fields_of(wishes: &GuardWishes, wrongs: &Wrongs) -> Vec<Field> {
    let text = |text: &Option<String>| text.clone().unwrap_or_default();
    let fields = [
        Field::text("first_name", "First name").most(60).holding(&wishes.first_name),
        Field::text("last_name", "Last name")
            .most(60)
            .hint("Patrons see only its first letter.")
            .holding(&wishes.last_name),
        Field::text("employee_id", "Employee id").most(40).holding(&wishes.employee_id),
        Field::text("post", "Post")
            .optional()
            .most(60)
            .hint("Where the guard stands: a gate or a building. Reports add up by it.")
            .holding(text(&wishes.post)),
        Field::text("phone", "Phone")
            .of("tel")
            .optional()
            .most(32)
            .hint("With the country code, for example +234 801 234 5678.")
            .holding(text(&wishes.phone)),
        Field::text("email", "E-mail")
            .of("email")
            .optional()
            .most(254)
            .holding(text(&wishes.email)),
    ];
    fields.into_iter().map(|field| field.checked(wrongs)).collect()
}
