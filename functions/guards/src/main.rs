fn main() -> web::Exit {
    web::serve("guards", guards::Deps::from_env, guards::routes)
}
