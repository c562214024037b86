fn main() -> web::Exit {
    web::serve("voucher-page", voucher_page::Deps::from_env, voucher_page::routes)
}
