//! Passwords: argon2id with the library's recommended cost, off the threads that serve requests.

use argon2::Argon2;
use argon2::password_hash::{PasswordHasher, PasswordVerifier, phc::PasswordHash};
use tokio::sync::Semaphore;

use crate::failure::Failure;

pub const MIN_LENGTH: usize = 12;
pub const MAX_LENGTH: usize = 1_000;
/// A hash costs 19 MiB and a core; more at once than this wait.
static AT_ONCE: Semaphore = Semaphore::const_new(4);

/// Long enough, and among the first that are guessed all the same; shorter ones are refused for their length. In lower case.
const GUESSED_FIRST: [&str; 12] = [
    "administrator",
    "changemeplease",
    "correcthorsebatterystaple",
    "iloveyouforever",
    "letmeinplease",
    "passwordpassword",
    "password1234",
    "password12345",
    "password123456",
    "qwertyuiop123",
    "qwertyuiopasdf",
    "welcome12345",
];

/// What is checked when there is nobody of that address, so that the answer takes as long.
pub const NOBODY: &str =
    "$argon2id$v=19$m=19456,t=2,p=1$bm9ib2R5bm9ib2R5bm9ib2R5$F0eQ2f3vQbwxVZ3b7m1Q4n1wUPWJwqkTQq9Z3Yl0v7k";

pub fn check_strength(password: &str) -> Result<(), Failure> {
    match password.chars().count() {
        length if length < MIN_LENGTH => {
            Err(Failure::BadInput(format!("the password has {length} characters; use at least {MIN_LENGTH}")))
        }
        length if length > MAX_LENGTH => {
            Err(Failure::BadInput(format!("the password is longer than {MAX_LENGTH} characters")))
        }
        _ if is_guessed_first(&password.to_lowercase()) => {
            Err(Failure::BadInput("the password is one of those that are guessed first; use another".into()))
        }
        _ => Ok(()),
    }
}

/// A known one, few characters again and again, or a run like `abcdefghijkl` or `123456789012`.
fn is_guessed_first(password: &str) -> bool {
    let characters: std::collections::BTreeSet<char> = password.chars().collect();
    let bytes = password.as_bytes();
    let is_step = |pair: &[u8]| pair[1] == pair[0].wrapping_add(1) || (pair[0], pair[1]) == (b'9', b'0');
    GUESSED_FIRST.contains(&password) || characters.len() < 4 || bytes.windows(2).all(is_step)
}

/// With a salt of its own, or that of others of the same address: one look at a password then tells all whose it is, and
/// takes no longer for the number of them.
pub async fn hash(password: String, same_address: &[String]) -> Result<String, Failure> {
    let salt = same_address.iter().find_map(|stored| salt(stored));
    let _turn = AT_ONCE.acquire().await.map_err(Failure::fault)?;
    let hashed = tokio::task::spawn_blocking(move || match salt {
        Some(salt) => {
            Argon2::default().hash_password_with_salt(password.as_bytes(), &salt).map(|hash| hash.to_string())
        }
        None => Argon2::default().hash_password(password.as_bytes()).map(|hash| hash.to_string()),
    });
    hashed.await.map_err(Failure::fault)?.map_err(|error| Failure::fault(std::io::Error::other(error.to_string())))
}

fn salt(stored: &str) -> Option<Vec<u8>> {
    Some(PasswordHash::new(stored).ok()?.salt?.as_ref().to_vec())
}

/// Whether it fits each of those stored, in their order; as much work for none as for many with one salt.
pub async fn verify_each(password: String, stored: Vec<String>) -> Result<Vec<bool>, Failure> {
    if is_nobodys(&password) {
        return Ok(vec![false; stored.len()]);
    }
    let salts: std::collections::BTreeSet<Vec<u8>> = stored.iter().filter_map(|stored| salt(stored)).collect();
    let mut fits = vec![false; stored.len()];
    if salts.is_empty() {
        verify(password, NOBODY.to_owned()).await?;
        return Ok(fits);
    }
    for of_salt in salts {
        let same: Vec<usize> = (0..stored.len()).filter(|at| salt(&stored[*at]).as_ref() == Some(&of_salt)).collect();
        let hashed = match same.as_slice() {
            // whatever it was hashed with
            [one] => {
                fits[*one] = verify(password.clone(), stored[*one].clone()).await?;
                continue;
            }
            _ => hash(password.clone(), &[stored[same[0]].clone()]).await?,
        };
        for at in same {
            fits[at] =
                aws_lc_rs::constant_time::verify_slices_are_equal(hashed.as_bytes(), stored[at].as_bytes()).is_ok();
        }
    }
    Ok(fits)
}

pub async fn verify(password: String, stored: String) -> Result<bool, Failure> {
    if is_nobodys(&password) {
        return Ok(false);
    }
    let _turn = AT_ONCE.acquire().await.map_err(Failure::fault)?;
    let verified = tokio::task::spawn_blocking(move || {
        let stored = PasswordHash::new(&stored).ok()?;
        Some(Argon2::default().verify_password(password.as_bytes(), &stored).is_ok())
    });
    Ok(verified.await.map_err(Failure::fault)?.unwrap_or(false))
}

/// Nobody has one that long: no work, whoever is asked about.
fn is_nobodys(password: &str) -> bool {
    password.len() > 4 * MAX_LENGTH
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A hash takes tens of milliseconds of a core; what takes none answers while all turns are taken.
    #[tokio::test]
    async fn a_password_that_nobody_has_costs_no_hash_whosever_address_it_is() {
        let one = hash("correct horse battery".into(), &[]).await.unwrap();
        let two = hash("another long one".into(), std::slice::from_ref(&one)).await.unwrap();
        let _all = AT_ONCE.acquire_many(4).await.unwrap();
        for stored in [vec![], vec![one.clone()], vec![one.clone(), two.clone()]] {
            let count = stored.len();
            assert_eq!(verify_each("x".repeat(4 * MAX_LENGTH + 1), stored).await.unwrap(), vec![false; count]);
        }
    }

    #[test]
    fn nobody_has_a_hash_that_costs_as_much_as_anybodys() {
        let (nobody, somebody) =
            (PasswordHash::new(NOBODY).unwrap(), Argon2::default().hash_password(b"a password").unwrap());
        assert_eq!((&nobody.algorithm, &nobody.params), (&somebody.algorithm, &somebody.params));
        assert_eq!(nobody.hash.map(|hash| hash.len()), somebody.hash.map(|hash| hash.len()));
    }

    #[test]
    fn what_is_guessed_first_is_refused() {
        for bad in ["short", "Password1234", "aaaaaaaaaaaa", "abababababab", "abcdefghijkl", "123456789012"] {
            assert!(check_strength(bad).is_err(), "{bad}");
        }
        for good in ["correct horse battery", "x9!kd-2mfq_Lw", "ein langer Satz"] {
            assert!(check_strength(good).is_ok(), "{good}");
        }
    }

    #[tokio::test]
    async fn a_password_fits_its_own_hash_alone() {
        let stored = hash("correct horse battery".into(), &[]).await.unwrap();
        let other = hash("another long one".into(), std::slice::from_ref(&stored)).await.unwrap();
        let same = hash("correct horse battery".into(), std::slice::from_ref(&stored)).await.unwrap();
        let each = vec!["*".into(), stored.clone(), other, same];
        assert_eq!(verify_each("correct horse battery".into(), each).await.unwrap(), [false, true, false, true]);
        assert!(verify("correct horse battery".into(), stored.clone()).await.unwrap());
        assert!(!verify("correct horse".into(), stored).await.unwrap());
        assert!(!verify("anything".into(), NOBODY.into()).await.unwrap());
    }
}
