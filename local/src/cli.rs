//! The command line of `tessera`.

mod locate;

use std::path::PathBuf;
use std::process::ExitCode;

use adapters::clock::Clock;
use adapters::random::Random;
use clap::{Parser, Subcommand};

use crate::stack::{self, DataFolder, Options, Stack, StartError, TemplateSource};
use crate::stream::Deliveries;

/// What the process ends with when it could not start.
const EXIT_NOT_STARTED: u8 = 2;

/// The whole QR platform in one process, on 127.0.0.1 only.
#[derive(Debug, Parser)]
#[command(name = "tessera", version)]
struct Arguments {
    /// Where it listens; 0 takes a free port.
    #[arg(long, default_value_t = 9000)]
    port: u16,
    /// The folder that keeps everything.
    #[arg(long, default_value = ".tessera", global = true)]
    data: PathBuf,
    /// Where others reach it, for example through a tunnel; printed codes carry it.
    #[arg(long)]
    public_url: Option<String>,
    /// Delete the data folder first, if tessera made it.
    #[arg(long)]
    reset: bool,
    /// Keep nothing: a temporary folder that goes away at the end.
    #[arg(long, conflicts_with_all = ["reset"])]
    memory: bool,
    /// The template to run; else the nearest template.yaml upwards.
    #[arg(long, global = true)]
    template: Option<PathBuf>,
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Tenants.
    Tenant {
        #[command(subcommand)]
        command: TenantCommand,
    },
    /// Import properties from a CSV file.
    Import {
        /// The file.
        file: PathBuf,
    },
}

#[derive(Debug, Subcommand)]
enum TenantCommand {
    /// Make a tenant and print its first API key.
    Create {
        /// Its name.
        name: String,
    },
}

/// Runs the command line.
pub fn run() -> ExitCode {
    let arguments = Arguments::parse();
    start_logging();
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    let outcome = match runtime {
        Ok(runtime) => runtime.block_on(execute(arguments)),
        Err(error) => Err(format!("the runtime does not start: {error}")),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(line) => {
            eprintln!("tessera: {line}");
            ExitCode::from(EXIT_NOT_STARTED)
        }
    }
}

async fn execute(arguments: Arguments) -> Result<(), String> {
    match &arguments.command {
        None => serve(arguments).await,
        Some(Command::Tenant { command: TenantCommand::Create { .. } }) => {
            Err("`tenant create` is not there yet".to_owned())
        }
        Some(Command::Import { .. }) => Err("`import` is not there yet".to_owned()),
    }
}

async fn serve(arguments: Arguments) -> Result<(), String> {
    // Listened for before the start, so that an early Ctrl-C is not lost.
    let stop = stop_signal()?;
    let options = options(arguments).map_err(|error| error.to_string())?;
    let stack = Stack::start(options).await.map_err(|error| error.to_string())?;
    println!("Tessera is ready: {}/", stack.public_url());
    stop.await;
    println!("Stopping.");
    stack.stop().await;
    Ok(())
}

fn options(arguments: Arguments) -> Result<Options, StartError> {
    if arguments.reset {
        stack::reset(&arguments.data)?;
    }
    let data =
        if arguments.memory { DataFolder::Temporary } else { DataFolder::Kept(arguments.data) };
    Ok(Options {
        port: arguments.port,
        data,
        public_url: arguments.public_url,
        template: TemplateSource::File(locate::template(arguments.template)),
        registry: crate::functions::registry(),
        parameters: std::collections::BTreeMap::new(),
        variables: std::collections::BTreeMap::new(),
        clock: Clock::system(),
        random: Random::system(),
        background: true,
        deliveries: Deliveries::default(),
    })
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

fn start_logging() {
    use tracing_subscriber::EnvFilter;
    let filter =
        EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("warn,local=info"));
    tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).init();
}
