fn main() -> web::Exit {
    web::serve("business-pages", business_pages::Deps::from_env, business_pages::routes)
}
