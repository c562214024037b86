fn main() -> web::Exit {
    web::serve("export-pages", export_pages::Deps::from_env, export_pages::routes)
}
