//! A text with signatures below it (C2SP's signed-note), by Ed25519.

use std::fmt;
use std::str::FromStr;

use aws_lc_rs::signature::{ED25519, Ed25519KeyPair, KeyPair, UnparsedPublicKey};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest, Sha256};

/// The number of Ed25519 among kinds of keys.
const ED25519_KIND: u8 = 1;
const SIGNATURE_MARK: &str = "— ";
/// Signatures of a note that are looked at.
const MAX_SIGNATURES: usize = 16;

/// A public key by a name: `acme+7e4b5a9c+Ab…`, as the standard writes it.
#[derive(Clone, PartialEq, Eq)]
pub struct VerifierKey {
    name: String,
    public: [u8; 32],
}

/// A secret key by a name.
pub struct SignerKey {
    pair: Ed25519KeyPair,
    verifier: VerifierKey,
}

/// A text and what is signed below it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Note {
    /// ends with a line break
    pub text: String,
    signatures: Vec<NoteSignature>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct NoteSignature {
    name: String,
    key_id: [u8; 4],
    bytes: Vec<u8>,
}

/// A text that is no public key.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidKey {
    #[error("this is not a public key of a log: use NAME+ID+KEY, as `distr audit key` prints it")]
    Form,
    #[error("the name of a key has no spaces and no +, and is not empty: {0:?}")]
    Name(String),
    #[error(
        "the id {found} in the key is not {right}, which follows from its name and its bytes: it was changed or cut"
    )]
    Id { found: String, right: String },
    #[error("the key is of another kind than Ed25519")]
    Kind,
}

/// Bytes that are no note.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidNote {
    #[error("a signed note is a text, an empty line, and lines of signatures that begin with \"— \"")]
    Form,
    #[error("line {0} of the signatures is none")]
    Signature(usize),
}

/// Why a note does not count as signed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NotSigned {
    #[error("none of its signatures is by the key {wanted}; there are signatures by {}", list(.found))]
    AnotherKey { wanted: String, found: Vec<String> },
    #[error("the signature by the key {0} is not of this text")]
    Forged(String),
}

fn list(names: &[String]) -> String {
    if names.is_empty() { "nobody".into() } else { names.join(", ") }
}

impl VerifierKey {
    pub fn new(name: &str, public: [u8; 32]) -> Result<Self, InvalidKey> {
        match !name.is_empty() && !name.contains(|c: char| c.is_whitespace() || c.is_control() || c == '+') {
            true => Ok(Self { name: name.into(), public }),
            false => Err(InvalidKey::Name(name.chars().take(60).collect())),
        }
    }

    pub fn name(&self) -> &str {
        &self.name
    }

    pub fn public(&self) -> &[u8; 32] {
        &self.public
    }

    fn id(&self) -> [u8; 4] {
        let digest = Sha256::new_with_prefix(self.name.as_bytes())
            .chain_update(b"\n")
            .chain_update([ED25519_KIND])
            .chain_update(self.public)
            .finalize();
        [digest[0], digest[1], digest[2], digest[3]]
    }

    /// Its name and id, for people.
    pub fn label(&self) -> String {
        format!("{}+{}", self.name, hex::encode(self.id()))
    }
}

impl fmt::Display for VerifierKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut bytes = vec![ED25519_KIND];
        bytes.extend(self.public);
        write!(f, "{}+{}", self.label(), STANDARD.encode(bytes))
    }
}

impl fmt::Debug for VerifierKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "VerifierKey({self})")
    }
}

impl FromStr for VerifierKey {
    type Err = InvalidKey;

    fn from_str(text: &str) -> Result<Self, InvalidKey> {
        let mut parts = text.trim().splitn(3, '+');
        let (Some(name), Some(id), Some(key)) = (parts.next(), parts.next(), parts.next()) else {
            return Err(InvalidKey::Form);
        };
        let bytes = STANDARD.decode(key).map_err(|_| InvalidKey::Form)?;
        let Some((&kind, public)) = bytes.split_first() else { return Err(InvalidKey::Form) };
        if kind != ED25519_KIND {
            return Err(InvalidKey::Kind);
        }
        let key = Self::new(name, public.try_into().map_err(|_| InvalidKey::Form)?)?;
        let right = hex::encode(key.id());
        match id == right {
            true => Ok(key),
            false => Err(InvalidKey::Id { found: id.chars().take(20).collect(), right }),
        }
    }
}

impl SignerKey {
    pub fn new(name: &str, seed: &[u8; 32]) -> Result<Self, InvalidKey> {
        let pair = Ed25519KeyPair::from_seed_unchecked(seed).map_err(|_| InvalidKey::Form)?;
        let public = pair.public_key().as_ref().try_into().expect("an Ed25519 key has 32 bytes");
        Ok(Self { verifier: VerifierKey::new(name, public)?, pair })
    }

    pub fn verifier(&self) -> &VerifierKey {
        &self.verifier
    }
}

impl Note {
    /// The text with the signatures of these keys. It ends with a line break.
    pub fn sign<'a>(text: String, keys: impl IntoIterator<Item = &'a SignerKey>) -> Self {
        let signatures = keys.into_iter().map(|key| NoteSignature {
            name: key.verifier.name.clone(),
            key_id: key.verifier.id(),
            bytes: key.pair.sign(text.as_bytes()).as_ref().to_vec(),
        });
        Self { signatures: signatures.collect(), text }
    }

    /// That the key signed it. Signatures of others are passed over.
    pub fn verify(&self, key: &VerifierKey) -> Result<(), NotSigned> {
        let id = key.id();
        let mut by_it = self.signatures.iter().filter(|signature| signature.name == key.name && signature.key_id == id);
        let Some(signature) = by_it.next() else {
            return Err(NotSigned::AnotherKey { wanted: key.label(), found: self.signers() });
        };
        let verified = UnparsedPublicKey::new(&ED25519, key.public).verify(self.text.as_bytes(), &signature.bytes);
        verified.map_err(|_| NotSigned::Forged(key.label()))
    }

    /// By whom it says it is signed.
    pub fn signers(&self) -> Vec<String> {
        let label = |signature: &NoteSignature| format!("{}+{}", signature.name, hex::encode(signature.key_id));
        self.signatures.iter().map(label).collect()
    }
}

impl fmt::Display for Note {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}", self.text)?;
        for NoteSignature { name, key_id, bytes } in &self.signatures {
            let mut signature = key_id.to_vec();
            signature.extend(bytes);
            writeln!(f, "{SIGNATURE_MARK}{name} {}", STANDARD.encode(signature))?;
        }
        Ok(())
    }
}

impl FromStr for Note {
    type Err = InvalidNote;

    fn from_str(note: &str) -> Result<Self, InvalidNote> {
        let at = note.rfind("\n\n").ok_or(InvalidNote::Form)?;
        let (text, lines) = (&note[..=at], &note[at + 2..]);
        if lines.is_empty() || !lines.ends_with('\n') {
            return Err(InvalidNote::Form);
        }
        let lines: Vec<&str> = lines.lines().take(MAX_SIGNATURES + 1).collect();
        if lines.len() > MAX_SIGNATURES {
            return Err(InvalidNote::Signature(MAX_SIGNATURES + 1));
        }
        let signatures =
            lines.iter().enumerate().map(|(index, line)| signature(line).ok_or(InvalidNote::Signature(index + 1)));
        Ok(Self { text: text.into(), signatures: signatures.collect::<Result<_, _>>()? })
    }
}

fn signature(line: &str) -> Option<NoteSignature> {
    let (name, signature) = line.strip_prefix(SIGNATURE_MARK)?.split_once(' ')?;
    let bytes = STANDARD.decode(signature).ok()?;
    let (key_id, bytes) = bytes.split_first_chunk()?;
    Some(NoteSignature { name: name.into(), key_id: *key_id, bytes: bytes.to_vec() })
}

#[cfg(test)]
mod tests;
