fn main() -> web::Exit {
    web::serve_events("payouts", payouts::Deps::from_env, payouts::handle)
}
