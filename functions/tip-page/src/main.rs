fn main() -> web::Exit {
    web::serve("tip-page", tip_page::Deps::from_env, tip_page::routes)
}
