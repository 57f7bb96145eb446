//! An owner to be killed: starts the server on the directory given as the first argument, prints its address, and waits for
//! the end of standard input. The tests run it as a process of its own, and as another user.

use std::env;
use std::io::{Read, stdin};

use distr_embedded_postgres::{Error, Options, start};

#[tokio::main]
async fn main() {
    let data_dir = env::args().nth(1).expect("the data directory as the first argument");
    if let Err(error) = serve(&data_dir).await {
        let source = std::error::Error::source(&error).map(|source| format!(": {source}")).unwrap_or_default();
        eprintln!("{error}{source}");
        std::process::exit(1);
    }
}

async fn serve(data_dir: &str) -> Result<(), Error> {
    let postgres = start(Options { durable: false, ..Options::new(data_dir) }).await?;
    postgres.create_database("distr").await?;
    println!("{}", postgres.url("distr"));
    let _ = stdin().read_to_end(&mut Vec::new());
    postgres.stop().await
}
