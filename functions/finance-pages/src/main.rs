fn main() -> web::Exit {
    web::serve("finance-pages", finance_pages::Deps::from_env, finance_pages::routes)
}
