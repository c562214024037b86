fn main() -> web::Exit {
    web::serve("loyalty-tokens", loyalty_tokens::Deps::from_env, loyalty_tokens::routes)
}
