fn main() -> web::Exit {
    web::serve("paystack-webhook", paystack_webhook::Deps::from_env, paystack_webhook::routes)
}
