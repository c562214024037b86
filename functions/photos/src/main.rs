fn main() -> web::Exit {
    web::serve("photos", photos::Deps::from_env, photos::routes)
}
