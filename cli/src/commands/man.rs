//! `msg man`: manual pages, from the definitions of the arguments.

use std::{
    fs, io,
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
};

use clap::{Command, CommandFactory as _};
use clap_mangen::Man as Page;

use crate::{
    args::{Args, shell::Man},
    failure::{Exit, Failure},
    output,
};

/// What everybody may read, whatever this process keeps to otherwise: manuals are
/// installed for all.
const PAGE_MODE: u32 = 0o644;
const FOLDER_MODE: u32 = 0o755;

/// Prints the manual page, or writes all of them.
pub(crate) fn run(args: &Man) -> Result<Exit, Failure> {
    let mut command = Args::command();
    command.build();
    match &args.folder {
        None => output::data(&page(command))?,
        Some(folder) => write_all(&command, folder).map_err(|(path, error)| {
            let path = path.display();
            Failure::new(Exit::Failed, format!("{path} could not be written: {error}"))
        })?,
    }
    Ok(Exit::Done)
}

fn page(command: Command) -> Vec<u8> {
    let mut page = Vec::new();
    // A vector takes whatever is written to it.
    let _ = Page::new(command).render(&mut page);
    page
}

/// Writes the page of a command and those of the commands below it.
fn write_all(command: &Command, folder: &Path) -> Result<(), (PathBuf, io::Error)> {
    let made = || {
        if !folder.is_dir() {
            fs::create_dir_all(folder)?;
            fs::set_permissions(folder, fs::Permissions::from_mode(FOLDER_MODE))?;
        }
        Ok(())
    };
    made().map_err(|error| (folder.to_owned(), error))?;
    for command in with_those_below(command) {
        let name = command.get_display_name().unwrap_or(command.get_name()).to_owned();
        let path = folder.join(format!("{name}.1"));
        let written = fs::write(&path, page(command))
            .and_then(|()| fs::set_permissions(&path, fs::Permissions::from_mode(PAGE_MODE)));
        written.map_err(|error| (path, error))?;
    }
    Ok(())
}

fn with_those_below(command: &Command) -> Vec<Command> {
    let below = command.get_subcommands().filter(|command| !command.is_hide_set());
    std::iter::once(command.clone()).chain(below.flat_map(with_those_below)).collect()
}
