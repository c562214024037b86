fn main() -> web::Exit {
    web::serve("properties", properties::Deps::from_env, properties::routes)
}
