fn main() -> web::Exit {
    web::serve_events("notify", notify::Deps::from_env, notify::handle)
}
