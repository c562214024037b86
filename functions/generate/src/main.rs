fn main() -> web::Exit {
    web::serve("generate", generate::Deps::from_env, generate::routes)
}
