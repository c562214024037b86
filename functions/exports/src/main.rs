fn main() -> web::Exit {
    web::serve_events("exports", exports::Deps::from_env, exports::handle)
}
