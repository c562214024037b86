fn main() -> web::Exit {
    web::serve("vouchers", vouchers::Deps::from_env, vouchers::routes)
}
