fn main() -> web::Exit {
    web::serve("campaigns", campaigns::Deps::from_env, campaigns::routes)
}
