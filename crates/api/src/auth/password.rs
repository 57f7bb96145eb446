//! Passwords: argon2id with the library's recommended cost, off the threads that serve requests.

use argon2::Argon2;
use argon2::password_hash::{PasswordHasher, PasswordVerifier, phc::PasswordHash};

use crate::error::ApiError;

pub const MIN_LENGTH: usize = 12;

/// What is checked when there is nobody of that address, so that the answer takes as long.
pub const NOBODY: &str =
    "$argon2id$v=19$m=19456,t=2,p=1$bm9ib2R5bm9ib2R5bm9ib2R5$F0eQ2f3vQbwxVZ3b7m1Q4n1wUPWJwqkTQq9Z3Yl0v7k";

pub fn check_strength(password: &str) -> Result<(), ApiError> {
    match password.chars().count() {
        length if length < MIN_LENGTH => {
            Err(ApiError::BadInput(format!("the password has {length} characters; use at least {MIN_LENGTH}")))
        }
        length if length > 1_000 => Err(ApiError::BadInput("the password is longer than 1000 characters".into())),
        _ => Ok(()),
    }
}

pub async fn hash(password: String) -> Result<String, ApiError> {
    let hashed = tokio::task::spawn_blocking(move || {
        Argon2::default().hash_password(password.as_bytes()).map(|hash| hash.to_string())
    });
    hashed.await.map_err(ApiError::fault)?.map_err(|error| ApiError::fault(std::io::Error::other(error.to_string())))
}

pub async fn verify(password: String, stored: String) -> Result<bool, ApiError> {
    let verified = tokio::task::spawn_blocking(move || {
        let stored = PasswordHash::new(&stored).ok()?;
        Some(Argon2::default().verify_password(password.as_bytes(), &stored).is_ok())
    });
    Ok(verified.await.map_err(ApiError::fault)?.unwrap_or(false))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_has_a_hash_that_costs_as_much_as_anybodys() {
        let (nobody, somebody) =
            (PasswordHash::new(NOBODY).unwrap(), Argon2::default().hash_password(b"a password").unwrap());
        assert_eq!((&nobody.algorithm, &nobody.params), (&somebody.algorithm, &somebody.params));
        assert_eq!(nobody.hash.map(|hash| hash.len()), somebody.hash.map(|hash| hash.len()));
    }

    #[tokio::test]
    async fn a_password_fits_its_own_hash_alone() {
        let stored = hash("correct horse battery".into()).await.unwrap();
        assert!(verify("correct horse battery".into(), stored.clone()).await.unwrap());
        assert!(!verify("correct horse".into(), stored).await.unwrap());
        assert!(!verify("anything".into(), NOBODY.into()).await.unwrap());
    }
}
