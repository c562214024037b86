fn main() -> web::Exit {
    web::serve("loyalty-pages", loyalty_pages::Deps::from_env, loyalty_pages::routes)
}
