fn main() -> web::Exit {
    web::serve("scan", scan::Deps::from_env, scan::routes)
}
