use super::*;

fn key(name: &str, seed: u8) -> SignerKey {
    SignerKey::new(name, &[seed; 32]).unwrap()
}

/// The example of the standard's own library: its key signed this text.
#[test]
fn a_note_of_elsewhere_is_verified() {
    let key: VerifierKey = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW".parse().unwrap();
    let note = "If you think cryptography is the answer to your problem,\n\
                then you don't know what your problem is.\n\
                \n\
                — PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n";
    let note: Note = note.parse().unwrap();
    assert_eq!(note.verify(&key), Ok(()));
    assert_eq!(note.signers(), ["PeterNeumann+c74f20a3"]);
}

#[test]
fn what_is_signed_comes_back_and_what_is_changed_does_not() {
    let (one, other) = (key("distr/one", 1), key("distr/other", 2));
    let note = Note::sign("a text\n".into(), [&one, &other]);
    let read: Note = note.to_string().parse().unwrap();
    assert_eq!(read, note);
    assert_eq!(read.verify(one.verifier()), Ok(()));
    assert_eq!(read.verify(other.verifier()), Ok(()));
    let stranger = key("distr/one", 3);
    assert_eq!(
        read.verify(stranger.verifier()).unwrap_err().to_string(),
        format!(
            "none of its signatures is by the key {}; there are signatures by {}, {}",
            stranger.verifier().label(),
            one.verifier().label(),
            other.verifier().label()
        )
    );
    let changed: Note = note.to_string().replace("a text", "a test").parse().unwrap();
    assert_eq!(changed.verify(one.verifier()), Err(NotSigned::Forged(one.verifier().label())));
}

#[test]
fn a_key_is_known_by_its_text() {
    let text = key("distr/one", 1).verifier().to_string();
    assert_eq!(text.parse::<VerifierKey>().unwrap().to_string(), text);
    let (name, rest) = text.split_once('+').unwrap();
    for (bad, why) in [
        (rest.to_owned(), "this is not a public key"),
        (format!("x+{rest}"), "the id "),
        (format!("{name}+00000000{}", &rest[8..]), "the id 00000000 in the key is not"),
        (format!("a b+{rest}"), "the name of a key"),
        (format!("{name}+{}", &rest[..20]), "this is not a public key"),
        (String::new(), "this is not a public key"),
    ] {
        let error = bad.parse::<VerifierKey>().unwrap_err().to_string();
        assert!(error.starts_with(why), "{bad}: {error}");
    }
}

#[test]
fn what_is_no_note_is_refused() {
    for bad in ["", "a\n", "a\n\n", "a\n\nb\n", "a\n\n— x\n", "a\n\n— x AAAA", "a\n\n— x AAA\n"] {
        assert!(bad.parse::<Note>().is_err(), "{bad:?}");
    }
    let many = format!("a\n\n{}", "— x AAAAAAAA\n".repeat(17));
    assert!(many.parse::<Note>().is_err());
}
