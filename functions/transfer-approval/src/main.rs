fn main() -> web::Exit {
    web::serve("transfer-approval", transfer_approval::Deps::from_env, transfer_approval::routes)
}
