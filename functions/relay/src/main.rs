fn main() -> web::Exit {
    web::serve_events("relay", relay::Deps::from_env, relay::handle)
}
