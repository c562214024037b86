//! `tessera redrive`: what failed too often in a queue, back into it.
//!
//! Messages are moved in the data folder's file, which a running platform looks at many times a second; so it works
//! whether one runs or not. In the cloud SQS's own console does the same.

use std::process::ExitCode;

use crate::stack::{self, DataFolder, Options};

/// Moves the messages and says how many.
pub(super) fn redrive(queue: &str, options: &Options) -> Result<ExitCode, String> {
    let DataFolder::Kept(folder) = &options.data else {
        return Err("there is no data folder to look into".to_owned());
    };
    let moved = stack::redrive_in(folder, options, queue)?;
    let messages = if moved == 1 { "message" } else { "messages" };
    println!("{moved} {messages} sent back to {queue}.");
    Ok(ExitCode::SUCCESS)
}
