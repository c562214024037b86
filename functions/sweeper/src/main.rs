fn main() -> web::Exit {
    web::serve_events("sweeper", sweeper::Deps::from_env, sweeper::handle)
}
