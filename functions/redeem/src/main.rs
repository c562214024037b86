fn main() -> web::Exit {
    web::serve("redeem", redeem::Deps::from_env, redeem::routes)
}
