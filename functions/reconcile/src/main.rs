fn main() -> web::Exit {
    web::serve_events("reconcile", reconcile::Deps::from_env, reconcile::handle)
}
