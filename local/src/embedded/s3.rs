//! The embedded S3: s3s on a folder.
//!
//! The SDK's door wants signed requests, as S3 does. The CDN reads through a second service without a door. Browsers
//! that send a file from a page of ours are told what `template.yaml` lets them.

mod cors;

use std::convert::Infallible;
use std::path::Path;

use hyper_util::rt::TokioIo;
use hyper_util::server::graceful::GracefulShutdown;
use s3s::auth::SimpleAuth;
use s3s::service::{S3Service, S3ServiceBuilder};
use s3s_fs::FileSystem;
use tokio::net::TcpListener;

use super::ACCESS_KEY_ID;
use crate::template::Bucket;
use cors::Cors;

/// The embedded object store.
#[derive(Clone)]
pub(crate) struct Objects {
    signed: Cors,
    open: S3Service,
}

impl Objects {
    /// Opens the folder and makes the buckets.
    pub(crate) fn open(root: &Path, buckets: &[Bucket], secret_key: &str) -> Result<Self, String> {
        for bucket in buckets {
            std::fs::create_dir_all(root.join(&bucket.name)).map_err(|error| error.to_string())?;
        }
        let signed = {
            let files = FileSystem::new(root).map_err(|error| format!("{error:?}"))?;
            let mut builder = S3ServiceBuilder::new(files);
            builder.set_auth(SimpleAuth::from_single(ACCESS_KEY_ID, secret_key));
            builder.build()
        };
        let files = FileSystem::new(root).map_err(|error| format!("{error:?}"))?;
        let signed = Cors::new(signed, buckets);
        Ok(Self { signed, open: S3ServiceBuilder::new(files).build() })
    }

    /// Answers the SDK until `stop` resolves.
    pub(crate) async fn serve(self, listener: TcpListener, stop: impl Future<Output = ()>) {
        let graceful = GracefulShutdown::new();
        let mut stop = std::pin::pin!(stop);
        loop {
            let accepted = tokio::select! {
                accepted = listener.accept() => accepted,
                () = stop.as_mut() => break,
            };
            let Ok((socket, _)) = accepted else {
                // Out of file handles: other connections must end first.
                tokio::time::sleep(super::ACCEPT_PAUSE).await;
                continue;
            };
            let io = TokioIo::new(socket);
            let serving = hyper::server::conn::http1::Builder::new()
                .serve_connection(io, self.signed.clone());
            let serving = graceful.watch(serving);
            tokio::spawn(async move {
                if let Err(error) = serving.await {
                    tracing::debug!("a connection to the embedded S3 ended: {error}");
                }
            });
        }
        graceful.shutdown().await;
    }

    /// Reads an object as the CDN does: no signature, no writing.
    pub(crate) async fn read(
        &self,
        request: http::Request<s3s::Body>,
    ) -> Result<http::Response<s3s::Body>, Infallible> {
        Ok(self.open.call(request).await.unwrap_or_else(|error| {
            tracing::warn!("the embedded S3 could not answer the CDN: {error:?}");
            let mut response = http::Response::new(s3s::Body::empty());
            *response.status_mut() = http::StatusCode::BAD_GATEWAY;
            response
        }))
    }
}

impl std::fmt::Debug for Objects {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Objects")
    }
}
