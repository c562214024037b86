fn main() -> web::Exit {
    web::serve("keys", keys::Deps::from_env, keys::routes)
}
