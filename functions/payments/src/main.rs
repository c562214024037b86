fn main() -> web::Exit {
    web::serve_events("payments", payments::Deps::from_env, payments::handle)
}
