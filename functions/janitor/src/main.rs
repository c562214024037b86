fn main() -> web::Exit {
    web::serve_events("janitor", janitor::Deps::from_env, janitor::handle)
}
