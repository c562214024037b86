fn main() -> web::Exit {
    web::serve("tip-create", tip_create::Deps::from_env, tip_create::routes)
}
