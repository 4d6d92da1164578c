//! `msg get`.

use std::{io, path::PathBuf};

use msg_client::{
    driver::files::{Destination, is_shown},
    engine::files::file_in,
};

use super::send;
use crate::{
    account,
    args::{Globals, files::Get},
    failure::{Exit, Failure},
    output, progress,
    report::{self, file},
};

/// Fetches a file and puts it where it is to be.
pub(crate) async fn run(globals: &Globals, args: &Get) -> Result<Exit, Failure> {
    let to_stdout = args.output.as_ref().is_some_and(|path| path.as_os_str() == "-");
    if to_stdout && output::is_terminal() {
        return Err(Failure::new(
            Exit::Usage,
            "a file is not written to a terminal: what others wrote could move its cursor, and more",
        )
        .hint("give it a name with -o, or a pipe"));
    }
    if to_stdout && args.unpack {
        return Err(Failure::new(Exit::Usage, "a folder is not written to stdout")
            .hint("leave out --unpack, and pipe it into tar"));
    }
    let client = account::open(globals, "get")?;
    let (kept, _) = send::message(&client, &args.id).await?;
    let message = &kept.message;
    let Some(file) = file_in(&message.content) else {
        return Err(Failure::new(Exit::Failed, format!("{} holds no file", args.id))
            .hint("msg history shows what it says"));
    };
    let to = match &args.output {
        None if args.unpack => Destination::UnpackedIn(PathBuf::from(".")),
        Some(path) if args.unpack && is_folder(path) => Destination::UnpackedIn(path.clone()),
        Some(path) if args.unpack => Destination::UnpackedAt(path.clone()),
        None => Destination::Folder(PathBuf::from(".")),
        Some(_) if to_stdout => Destination::Writer(Box::new(io::stdout())),
        Some(path) if is_folder(path) => Destination::Folder(path.clone()),
        Some(path) => Destination::Path(path.clone()),
    };
    let name: &str = if is_shown(file) { "text" } else { &file.name };
    let progress = progress::of_file(globals, name);
    let got = client.get(message, to, &progress).await?;
    drop(progress);
    if got.left_out > 0 && !globals.quiet {
        let links = if got.left_out == 1 { "link" } else { "links" };
        output::say(&format!("{} {links} out of the folder left out\n", got.left_out));
    }
    let path = got.path.map(|path| path.to_string_lossy().into_owned().into());
    if !to_stdout {
        let got = file::Got { id: message.id.to_string(), path, bytes: got.length };
        report::confirm(globals, &got)?;
    }
    Ok(Exit::Done)
}

/// A folder that is there, or a name that can only be one.
fn is_folder(path: &std::path::Path) -> bool {
    path.is_dir() || path.as_os_str().as_encoded_bytes().ends_with(b"/")
}
