//! `tessera`: runs the platform until it is told to stop.

use std::process::ExitCode;

use adapters::clock::Clock;
use jiff::SignedDuration;

use super::ServeArguments;
use crate::demo::{DEMO_FILE, Demo, DemoError};
use crate::stack::{self, Ahead, DataFolder, Options, Stack};

/// Starts, says so at once, and makes the demo while requests are answered already.
pub(super) async fn serve(arguments: ServeArguments, options: Options) -> Result<ExitCode, String> {
    // Listened for before the start, so that an early Ctrl-C is not lost.
    let mut stop = std::pin::pin!(stop_signal()?);
    let options = with_arguments(options, arguments)?;
    let stack = Stack::start(options).await.map_err(|error| error.to_string())?;
    println!("Tessera is ready: {}/", stack.public_url());
    let demo = async {
        match stack.make_demo().await {
            Ok(demo) => announce(&stack, &demo),
            // Another template than ours: there is nothing to make a demo of.
            Err(DemoError::NoFunction(_)) => {}
            Err(error) => eprintln!("tessera: the demo could not be made: {error}"),
        }
        std::future::pending::<()>().await;
    };
    tokio::select! {
        () = demo => {}
        () = stop.as_mut() => {}
    }
    println!("Stopping.");
    stack.stop().await;
    Ok(ExitCode::SUCCESS)
}

fn announce(stack: &Stack, demo: &Demo) {
    let base = stack.base_url();
    println!("Console:      {base}/");
    println!("Demo API key: {}", demo.api_key);
    println!("Kept in:      {}", stack.data_path(DEMO_FILE).display());
    println!(
        "Try:          curl -H 'x-api-key: {}' {base}/api/v1/qr/{}",
        demo.api_key, demo.property_id
    );
}

fn with_arguments(options: Options, arguments: ServeArguments) -> Result<Options, String> {
    let DataFolder::Kept(folder) = &options.data else {
        return Ok(options);
    };
    if arguments.reset {
        stack::reset(folder).map_err(|error| error.to_string())?;
    }
    // With the real Paystack, time is the real one.
    let clock = match (&options.paystack_key, arguments.memory) {
        (Some(_), _) => Clock::system(),
        (None, true) => Clock::ahead(SignedDuration::ZERO),
        (None, false) => Ahead::of(folder).clock(),
    };
    let data = if arguments.memory { DataFolder::Temporary } else { options.data };
    let (port, public_url) = (arguments.port, arguments.public_url);
    Ok(Options { port, public_url, data, clock, ..options })
}

/// Resolves at Ctrl-C or, where there is one, SIGTERM.
fn stop_signal() -> Result<impl Future<Output = ()>, String> {
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        let listen =
            |kind| signal(kind).map_err(|error| format!("signals cannot be heard: {error}"));
        let (mut interrupt, mut terminate) =
            (listen(SignalKind::interrupt())?, listen(SignalKind::terminate())?);
        Ok(async move {
            tokio::select! {
                _ = interrupt.recv() => {}
                _ = terminate.recv() => {}
            }
        })
    }
    #[cfg(not(unix))]
    Ok(async {
        if let Err(error) = tokio::signal::ctrl_c().await {
            tracing::warn!("Ctrl-C cannot be heard: {error}");
            std::future::pending::<()>().await;
        }
    })
}
