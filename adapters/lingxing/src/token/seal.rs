//! Tokens that leave the process: AES-256-GCM, with the credential as the key.

use chrono::{DateTime, Utc};
use ipass_core::ports::PortError;
use ring::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use ring::digest::{Context, SHA256};
use ring::rand::{SecureRandom, SystemRandom};
use secrecy::{ExposeSecret, SecretString};

/// Makes the key useless for anything else, and a later form of sealing unreadable to this one.
const LABEL: &[u8] = b"ipass lingxing access token, sealed form 1\0";

/// What is sealed.
pub(super) struct Opened {
    pub(super) text: SecretString,
    /// When it was asked for, UTC, to the second.
    pub(super) asked_at: DateTime<Utc>,
}

/// Seals and opens the tokens of one credential.
pub(super) struct Seal {
    key: LessSafeKey,
    app_id: String,
    random: SystemRandom,
}

impl Seal {
    pub(super) fn new(app_id: &str, app_secret: &SecretString) -> Result<Self, PortError> {
        let mut hash = Context::new(&SHA256);
        hash.update(LABEL);
        hash.update(app_secret.expose_secret().as_bytes());
        let key = UnboundKey::new(&AES_256_GCM, hash.finish().as_ref())
            .map_err(|_| PortError::invalid("no key for shared tokens can be made"))?;
        Ok(Self { key: LessSafeKey::new(key), app_id: app_id.to_owned(), random: SystemRandom::new() })
    }

    /// The nonce, then what it seals. `None` when the machine has no random numbers.
    pub(super) fn seal(&self, token: &Opened) -> Option<Vec<u8>> {
        let mut nonce = [0; NONCE_LEN];
        self.random.fill(&mut nonce).ok()?;
        let mut text = format!("{} {}", token.asked_at.timestamp(), token.text.expose_secret()).into_bytes();
        let nonce_bytes = nonce.to_vec();
        let nonce = Nonce::assume_unique_for_key(nonce);
        self.key.seal_in_place_append_tag(nonce, Aad::from(self.app_id.as_bytes()), &mut text).ok()?;
        Some([nonce_bytes, text].concat())
    }

    /// `None` for what this credential did not seal.
    pub(super) fn open(&self, sealed: &[u8]) -> Option<Opened> {
        let (nonce, text) = sealed.split_at_checked(NONCE_LEN)?;
        let nonce = Nonce::try_assume_unique_for_key(nonce).ok()?;
        let mut text = text.to_vec();
        let text = self.key.open_in_place(nonce, Aad::from(self.app_id.as_bytes()), &mut text).ok()?;
        let (asked_at, token) = str::from_utf8(text).ok()?.split_once(' ')?;
        let asked_at = DateTime::from_timestamp(asked_at.parse().ok()?, 0)?;
        Some(Opened { text: token.to_owned().into(), asked_at })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TOKEN: &str = "11111111-2222-4333-8444-555555555555";

    fn seal(app_id: &str, secret: &str) -> Seal {
        Seal::new(app_id, &secret.into()).unwrap()
    }

    fn token() -> Opened {
        Opened { text: TOKEN.into(), asked_at: DateTime::from_timestamp(1_764_633_600, 0).unwrap() }
    }

    #[test]
    fn what_is_sealed_opens_for_the_same_credential_only() {
        let sealed = seal("ak_TestAppId0001", "one").seal(&token()).unwrap();
        let opened = seal("ak_TestAppId0001", "one").open(&sealed).unwrap();
        assert_eq!((opened.text.expose_secret(), opened.asked_at), (TOKEN, token().asked_at));
        assert!(seal("ak_TestAppId0001", "two").open(&sealed).is_none());
        assert!(seal("ak_TestAppId0002", "one").open(&sealed).is_none());
    }

    #[test]
    fn sealed_bytes_tell_nothing_and_never_repeat() {
        let seal = seal("ak_TestAppId0001", "one");
        let (first, second) = (seal.seal(&token()).unwrap(), seal.seal(&token()).unwrap());
        assert_ne!(first, second);
        assert_ne!(first[..NONCE_LEN], second[..NONCE_LEN]);
        assert!(!first.windows(4).any(|bytes| TOKEN.as_bytes().windows(4).any(|token| token == bytes)));
    }

    #[test]
    fn a_changed_or_cut_value_does_not_open() {
        let seal = seal("ak_TestAppId0001", "one");
        let sealed = seal.seal(&token()).unwrap();
        for at in 0..sealed.len() {
            let mut changed = sealed.clone();
            changed[at] ^= 1;
            assert!(seal.open(&changed).is_none(), "{at}");
            assert!(seal.open(&sealed[..at]).is_none(), "{at}");
        }
    }
}
