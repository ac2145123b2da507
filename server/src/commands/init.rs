//! `init`: a commented configuration, and a data folder with keys. Beside a relay's data, the configuration alone.
//!
//! Invariant: nothing that stands is overwritten; repeated after a failure it does what is left.

use std::{
    fs::{DirBuilder, OpenOptions},
    io::{ErrorKind, Write},
    net::SocketAddr,
    os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt},
    path::{Path, PathBuf},
};

use clap::Args;
use sealpost_server::{
    Config,
    config::{Tls, template},
    keys::Keys,
    parts::DATABASE,
};

use super::{Failure, place::PACKAGED};

/// What the file says from the start; the rest is written in it.
#[derive(Args)]
pub struct Init {
    /// Where the configuration is written.
    #[arg(long, default_value = PACKAGED)]
    config: PathBuf,
    /// The data folder: database, key files, blobs.
    #[arg(long, default_value = "/var/lib/sealpost")]
    data: PathBuf,
    /// Who runs the relay, in words for its users.
    #[arg(long)]
    operator: Option<String>,
    /// Where its data lies, in words for its users.
    #[arg(long)]
    region: Option<String>,
    /// Where the relay listens.
    #[arg(long)]
    listen: Option<SocketAddr>,
    /// Where /health and /metrics listen, and `status` asks; not for the public.
    #[arg(long)]
    observe: Option<SocketAddr>,
    /// The certificate with its chain, PEM.
    #[arg(long, requires = "private_key")]
    certificate_chain: Option<PathBuf>,
    /// Its private key, PEM.
    #[arg(long, requires = "certificate_chain")]
    private_key: Option<PathBuf>,
}

impl Init {
    pub fn run(self) -> Result<(), Failure> {
        let (file, data) = (self.config.clone(), std::path::absolute(&self.data)?);
        if file.exists() {
            let shown = file.display();
            return Err(
                format!("{shown} stands already and is left as it is; edit it, or name another --config").into()
            );
        }
        let has_data = data.join(DATABASE).exists();
        make_folder(&data)?;
        Keys::open(&data, has_data)?;
        write(&file, &template(&self.into_config(data.clone())))?;
        let (file, data) = (file.display(), data.display());
        match has_data {
            true => println!("wrote {file}; the relay's data in {data} stay as they are"),
            false => println!("wrote {file}, and the relay's keys in {data}"),
        }
        println!("next:");
        println!("  1. read {file}: name the operator, the address and the certificate");
        println!("  2. let the relay's own user have {data}, and read {file} (chown, chgrp)");
        println!("  3. sealpost-server check --config {file}");
        println!("  4. sealpost-server serve --config {file}");
        println!("  5. sealpost-server backup --keys FILE --config {file}, kept apart from the data");
        Ok(())
    }

    fn into_config(self, data: PathBuf) -> Config {
        let defaults = Config::default();
        let pair = self.certificate_chain.zip(self.private_key);
        Config {
            operator: self.operator.unwrap_or(defaults.operator),
            region: self.region.unwrap_or(defaults.region),
            data,
            listen: self.listen.unwrap_or(defaults.listen),
            observe: self.observe.or(defaults.observe),
            tls: pair.map(|(certificate_chain, private_key)| Tls { certificate_chain, private_key }),
            ..Config::default()
        }
    }
}

/// For the relay's user alone; one that stands must be so already.
fn make_folder(folder: &Path) -> Result<(), Failure> {
    DirBuilder::new().recursive(true).mode(0o700).create(folder).map_err(|error| {
        format!("{} can't be made ({error}); run this as root, or name another --data", folder.display())
    })?;
    let mode = folder.metadata()?.permissions().mode();
    if mode & 0o077 != 0 {
        return Err(format!("{0} can be entered by others; chmod 700 {0}", folder.display()).into());
    }
    Ok(())
}

/// Readable by its group: the relay's user is no root.
fn write(file: &Path, text: &str) -> Result<(), Failure> {
    if let Some(folder) = file.parent().filter(|folder| !folder.as_os_str().is_empty()) {
        DirBuilder::new().recursive(true).mode(0o755).create(folder)?;
    }
    let opened = OpenOptions::new().write(true).create_new(true).mode(0o640).open(file);
    let mut opened = opened.map_err(|error| match error.kind() {
        ErrorKind::PermissionDenied => {
            format!("{} can't be written ({error}); run this as root, or name another --config", file.display())
        }
        _ => format!("{} can't be written ({error})", file.display()),
    })?;
    opened.write_all(text.as_bytes())?;
    Ok(opened.sync_all()?)
}
