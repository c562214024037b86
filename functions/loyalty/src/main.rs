fn main() -> web::Exit {
    web::serve("loyalty", loyalty::Deps::from_env, loyalty::routes)
}
