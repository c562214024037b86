fn main() -> web::Exit {
    web::serve("settlements", settlements::Deps::from_env, settlements::routes)
}
