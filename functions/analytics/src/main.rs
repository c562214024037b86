fn main() -> web::Exit {
    web::serve("analytics", analytics::Deps::from_env, analytics::routes)
}
