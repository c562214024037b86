//! The AWS services that run inside this process, each on a port of its own that only this machine sees.
//!
//! The unmodified SDK talks to them through `AWS_ENDPOINT_URL_*`. Deliberately absent: anything that a function could
//! call past the SDK, and the services that no function needs.

pub(crate) mod aws;
pub(crate) mod dynamo;
mod events;
pub(crate) mod files;
pub mod inbox;
mod kms;
mod push;
pub(crate) mod s3;
mod secrets;
mod ses;
mod sns;
mod sqs;
mod ssm;

use std::net::{Ipv4Addr, SocketAddr};

use adapters::random::Random;
use tokio::net::{TcpListener, TcpSocket};

/// Connections that may wait to be accepted; the kernel's usual cap.
const BACKLOG: u32 = 4096;

/// Open files that are asked for: three for each of a few thousand connections.
#[cfg(unix)]
const OPEN_FILES: u64 = 10_240;

/// The access key that the embedded services accept.
pub(crate) const ACCESS_KEY_ID: &str = "tessera-local";

/// Lets this process open as many files as the machine allows: each connection is one, and the usual limit is small.
pub(crate) fn raise_file_limit() {
    #[cfg(unix)]
    {
        use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
        let limit = getrlimit(Resource::Nofile);
        // A system may say "no limit" and mean a smaller number, so what is asked for has a bound of its own.
        let wanted = limit.maximum.unwrap_or(OPEN_FILES).min(OPEN_FILES);
        if limit.current.is_some_and(|current| current < wanted)
            && let Err(error) = setrlimit(
                Resource::Nofile,
                Rlimit { current: Some(wanted), maximum: limit.maximum },
            )
        {
            tracing::debug!("the number of open files stays as it is: {error}");
        }
    }
}

/// Listens on 127.0.0.1; port 0 takes a free one.
pub(crate) fn listen(port: u16) -> std::io::Result<TcpListener> {
    let socket = TcpSocket::new_v4()?;
    // A restart must not wait for the last run's connections to be forgotten.
    socket.set_reuseaddr(true)?;
    socket.bind(SocketAddr::from((Ipv4Addr::LOCALHOST, port)))?;
    socket.listen(BACKLOG)
}

/// The address as an endpoint for the SDK.
pub(crate) fn url_of(listener: &TcpListener) -> std::io::Result<String> {
    Ok(format!("http://{}", listener.local_addr()?))
}

/// How long a server rests when it cannot take another connection.
pub(crate) const ACCEPT_PAUSE: std::time::Duration = std::time::Duration::from_millis(20);

/// A new identifier, as AWS's services give out.
pub(crate) fn new_id(random: &Random) -> String {
    uuid::Builder::from_random_bytes(random.bytes()).into_uuid().to_string()
}
