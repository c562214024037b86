fn main() -> web::Exit {
    web::serve("wallet", wallet::Deps::from_env, wallet::routes)
}
