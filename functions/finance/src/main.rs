fn main() -> web::Exit {
    web::serve("finance", finance::Deps::from_env, finance::routes)
}
