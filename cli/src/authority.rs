//! A certificate authority for a relay that has no public name: made once in the relay's data folder. Its key is
//! thrown away after it signed the relay's one certificate, so it can never vouch for anything else.

use std::{
    fs::{self, OpenOptions},
    io::{self, Write},
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
};

use data_encoding::HEXLOWER;
use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair, KeyUsagePurpose};
use sha2::{Digest, Sha256};

const CHAIN_FILE: &str = "authority-chain.pem";
const KEY_FILE: &str = "authority-leaf.key";
/// Written last: where it is, the others are whole.
const PIN_FILE: &str = "authority.pin";

/// A relay's own authority, as files.
#[derive(Debug, Clone)]
pub struct Authority {
    /// The relay's certificate, then the authority's; PEM.
    pub chain: PathBuf,
    /// The relay's private key; PEM, readable by its owner only.
    pub private_key: PathBuf,
    /// SHA-256 of the authority's certificate (DER), in hexadecimal: what devices are told to believe.
    pub pin: String,
}

impl Authority {
    /// The authority in this folder; made where there is none, for a relay that is reached under these names.
    ///
    /// # Errors
    /// The folder can't be read or written, or a name is none that a certificate can carry.
    pub fn in_folder(folder: &Path, names: &[String]) -> io::Result<Self> {
        let (chain, private_key) = (folder.join(CHAIN_FILE), folder.join(KEY_FILE));
        let pin = match fs::read_to_string(folder.join(PIN_FILE)) {
            Ok(pin) => pin.trim().to_owned(),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                fs::create_dir_all(folder)?;
                let made = make(names).map_err(io::Error::other)?;
                write(&chain, &made.chain)?;
                write(&private_key, &made.private_key)?;
                write(&folder.join(PIN_FILE), &made.pin)?;
                made.pin
            }
            Err(error) => return Err(error),
        };
        Ok(Self { chain, private_key, pin })
    }
}

/// The contents of the three files.
struct Made {
    chain: String,
    private_key: String,
    pin: String,
}

fn make(names: &[String]) -> Result<Made, rcgen::Error> {
    let mut authority = CertificateParams::default();
    authority.distinguished_name.push(DnType::CommonName, "Sealpost relay authority");
    authority.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    authority.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::DigitalSignature];
    let authority_key = KeyPair::generate()?;
    let root = authority.self_signed(&authority_key)?;

    let mut leaf = CertificateParams::new(names)?;
    leaf.distinguished_name.push(DnType::CommonName, "Sealpost relay");
    let leaf_key = KeyPair::generate()?;
    let certificate = leaf.signed_by(&leaf_key, &Issuer::new(authority, authority_key))?;
    Ok(Made {
        chain: format!("{}{}", certificate.pem(), root.pem()),
        private_key: leaf_key.serialize_pem(),
        pin: HEXLOWER.encode(&Sha256::digest(root.der())),
    })
}

fn write(path: &Path, content: &str) -> io::Result<()> {
    let mut file = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(path)?;
    file.write_all(content.as_bytes())?;
    file.sync_all()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt;

    #[test]
    fn a_second_start_finds_the_same_authority() {
        let folder = tempfile::tempdir().expect("a folder");
        let names = vec!["127.0.0.1".to_owned()];
        let first = Authority::in_folder(folder.path(), &names).expect("made");
        let second = Authority::in_folder(folder.path(), &names).expect("found");
        assert_eq!(first.pin, second.pin);
        assert_eq!(first.pin.len(), 64);
        assert_eq!(fs::read_to_string(&second.chain).expect("a chain").matches("BEGIN CERTIFICATE").count(), 2);
    }

    #[test]
    fn the_private_key_is_for_its_owner_only() {
        let folder = tempfile::tempdir().expect("a folder");
        let made = Authority::in_folder(folder.path(), &["relay.example".to_owned()]).expect("made");
        assert_eq!(fs::metadata(made.private_key).expect("a file").permissions().mode() & 0o777, 0o600);
    }
}
