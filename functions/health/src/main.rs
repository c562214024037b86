fn main() -> web::Exit {
    web::serve("health", health::Deps::from_env, health::routes)
}
