fn main() -> web::Exit {
    web::serve("devices", devices::Deps::from_env, devices::routes)
}
