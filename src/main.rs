//! Parses the command line, runs it, maps what comes of it to an exit code.

use std::process::ExitCode;

use avstamd::cli;
use clap::Parser;

fn main() -> ExitCode {
    let line = cli::CommandLine::parse();
    cli::log::start(&line);
    let runtime = match tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
    {
        Ok(runtime) => runtime,
        Err(error) => {
            eprintln!("avstamd: no threads can be started: {error}");
            return ExitCode::FAILURE;
        }
    };
    let code = runtime.block_on(cli::run(line));
    // A look-up of a name that hangs is not waited for.
    runtime.shutdown_background();
    code
}
