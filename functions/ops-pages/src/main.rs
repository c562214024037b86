fn main() -> web::Exit {
    web::serve("ops-pages", ops_pages::Deps::from_env, ops_pages::routes)
}
