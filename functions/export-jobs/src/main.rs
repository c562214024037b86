fn main() -> web::Exit {
    web::serve("export-jobs", export_jobs::Deps::from_env, export_jobs::routes)
}
