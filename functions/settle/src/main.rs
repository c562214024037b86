fn main() -> web::Exit {
    web::serve_events("settle", settle::Deps::from_env, settle::handle)
}
