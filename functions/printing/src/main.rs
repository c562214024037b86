fn main() -> web::Exit {
    web::serve_events("printing", printing::Deps::from_env, printing::handle)
}
