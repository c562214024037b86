//! The command line of `tessera`.

mod import;
mod ledger;
mod locate;
mod redrive;
mod serve;
mod tenant;

use std::path::PathBuf;
use std::process::ExitCode;

use adapters::random::Random;
use clap::{Args, Parser, Subcommand};
use domain::access::Scope;

use crate::stack::{Ahead, DataFolder, Options, TemplateSource};
use crate::stream::Deliveries;

/// An address that codes may carry: a scheme and a host, and nothing behind it.
fn public_url(text: &str) -> Result<String, String> {
    let advice = || "write it as https://host, without anything behind the host".to_owned();
    let url = url::Url::parse(text).map_err(|_| advice())?;
    let plain = matches!(url.scheme(), "http" | "https")
        && url.has_host()
        && url.path() == "/"
        && url.query().is_none()
        && url.fragment().is_none()
        && url.username().is_empty()
        && url.password().is_none();
    plain.then(|| text.trim_end_matches('/').to_owned()).ok_or_else(advice)
}

/// What is said unless RUST_LOG says otherwise. The embedded database warns of each condition that does not hold, which
/// is what conditions are for.
const QUIET: &str = "warn,local=info,dynoxide=error";
/// What the process ends with when it could not do what it was asked for.
const EXIT_NOT_STARTED: u8 = 2;

/// The whole QR platform in one process, on 127.0.0.1 only.
#[derive(Debug, Parser)]
#[command(name = "tessera", version)]
struct Arguments {
    #[command(flatten)]
    serve: ServeArguments,
    /// The folder that keeps everything.
    #[arg(long, default_value = ".tessera", global = true)]
    data: PathBuf,
    /// The template to run; else the nearest template.yaml upwards.
    #[arg(long, global = true)]
    template: Option<PathBuf>,
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Debug, Args)]
struct ServeArguments {
    /// Where it listens; 0 takes a free port.
    #[arg(long, default_value_t = 9000)]
    port: u16,
    /// Where others reach it, for example through a tunnel; printed codes carry it.
    #[arg(long, value_parser = public_url)]
    public_url: Option<String>,
    /// Delete the data folder first, if tessera made it.
    #[arg(long)]
    reset: bool,
    /// A secret key of the real Paystack for the demo's tenant; with it the simulator stays off.
    #[arg(long, env = "PAYSTACK_SECRET_KEY", hide_env_values = true)]
    paystack_key: Option<String>,
    /// Keep nothing: a temporary folder that goes away at the end.
    #[arg(long, conflicts_with_all = ["reset"])]
    memory: bool,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Tenants.
    Tenant {
        #[command(subcommand)]
        command: TenantCommand,
    },
    /// The ledger.
    Ledger {
        #[command(subcommand)]
        command: LedgerCommand,
    },
    /// Import properties from a file that mongoexport wrote: one JSON document a line, or a JSON array of up to 4 MB.
    ///
    /// Ends with 0 when all went in, with 1 when some did not, with 2 when it could not run.
    Import(ImportArguments),
    /// Send the messages of a queue's dead-letter queue back to it, also while the platform runs.
    Redrive {
        /// The queue, as template.yaml names it, for example Payments.
        queue: String,
    },
}

#[derive(Debug, Subcommand)]
enum TenantCommand {
    /// Make a tenant and print its first API key, which is shown only now.
    ///
    /// With TABLE_NAME in the environment (and AWS_REGION and credentials) in that table, else in the data folder.
    Create {
        /// Its name, as visitors see it.
        name: String,
        /// What the key may do; may be given several times. All when absent.
        #[arg(long = "scope", value_parser = scope)]
        scopes: Vec<Scope>,
    },
}

#[derive(Debug, Subcommand)]
enum LedgerCommand {
    /// Add up every transaction of a tenant and compare the sums with the balances.
    ///
    /// With TABLE_NAME in the environment (and AWS_REGION and credentials) in that table, else in the data folder. Ends
    /// with 0 when all is right, with 1 when something is off, with 2 when it could not be checked.
    Check {
        /// The tenant's id.
        #[arg(long)]
        tenant: String,
    },
}

#[derive(Debug, Args)]
struct ImportArguments {
    /// The file.
    file: PathBuf,
    /// The platform; else the one of the data folder, which is started for the import when it does not run.
    #[arg(long)]
    url: Option<String>,
    /// A key with properties:write; else the demo's.
    #[arg(long, env = "TESSERA_API_KEY", hide_env_values = true)]
    api_key: Option<String>,
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
        Ok(code) => code,
        Err(line) => {
            eprintln!("tessera: {line}");
            ExitCode::from(EXIT_NOT_STARTED)
        }
    }
}

async fn execute(arguments: Arguments) -> Result<ExitCode, String> {
    let options = options(&arguments);
    match arguments.command {
        None => serve::serve(arguments.serve, options).await,
        Some(Command::Tenant { command: TenantCommand::Create { name, scopes } }) => {
            tenant::create(&name, scopes, &options).await
        }
        Some(Command::Ledger { command: LedgerCommand::Check { tenant } }) => {
            ledger::check(&tenant, &options).await
        }
        Some(Command::Import(import)) => import::import(import, options).await,
        Some(Command::Redrive { queue }) => redrive::redrive(&queue, &options),
    }
}

/// A platform on the data folder and a free port.
fn options(arguments: &Arguments) -> Options {
    Options {
        port: 0,
        data: DataFolder::Kept(arguments.data.clone()),
        public_url: None,
        template: TemplateSource::File(locate::template(arguments.template.clone())),
        registry: crate::functions::registry(),
        parameters: std::collections::BTreeMap::new(),
        variables: std::collections::BTreeMap::new(),
        paystack_key: arguments.serve.paystack_key.clone().filter(|key| !key.is_empty()),
        // As far ahead as the platform has been put on this folder.
        clock: Ahead::of(&arguments.data).clock(),
        random: Random::system(),
        background: true,
        deliveries: Deliveries::default(),
    }
}

fn scope(text: &str) -> Result<Scope, String> {
    let found = Scope::ALL.into_iter().find(|scope| scope.as_str() == text);
    found
        .ok_or_else(|| format!("there are the scopes {}", Scope::ALL.map(Scope::as_str).join(", ")))
}

fn start_logging() {
    use tracing_subscriber::EnvFilter;
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new(QUIET));
    tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).init();
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_carry_a_scheme_and_a_host() {
        let check = |text: &str, taken: Option<&str>| {
            assert_eq!(public_url(text).ok().as_deref(), taken, "{text:?}");
        };
        check("https://qr.example", Some("https://qr.example"));
        check("https://qr.example/", Some("https://qr.example"));
        check("http://192.168.1.5:9000", Some("http://192.168.1.5:9000"));
        for bad in [
            "",
            "x",
            "javascript:x",
            "ftp://x",
            "https://a.b/path",
            "https://a.b?x=1",
            "https://a.b#f",
            "http://u:p@a.b",
        ] {
            check(bad, None);
        }
    }
}
