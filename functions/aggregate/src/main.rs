fn main() -> web::Exit {
    web::serve_events("aggregate", aggregate::Deps::from_env, aggregate::handle)
}
