fn main() -> web::Exit {
    web::serve("site", site::Deps::from_env, site::routes)
}
