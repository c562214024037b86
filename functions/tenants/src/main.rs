fn main() -> web::Exit {
    web::serve("tenants", tenants::Deps::from_env, tenants::routes)
}
