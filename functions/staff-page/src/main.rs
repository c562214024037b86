fn main() -> web::Exit {
    web::serve("staff-page", staff_page::Deps::from_env, staff_page::routes)
}
