//! Addresses, as far as an adapter needs them.

use crate::{Error, invalid_config};

/// Scheme, host and port, and path of an address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Url {
    https: bool,
    authority: String,
    /// Begins with a slash, unless it is empty; never ends with one.
    path: String,
}

impl Url {
    /// An address such as "https://api.example.com/v1".
    ///
    /// # Errors
    /// What is wrong with it, in words that fit behind its value.
    pub fn parse(text: &str) -> Result<Self, &'static str> {
        let (https, rest) = match text.split_once("://") {
            Some(("https", rest)) => (true, rest),
            Some(("http", rest)) => (false, rest),
            _ => return Err("must begin with http:// or https://"),
        };
        if text.contains(|c: char| c.is_whitespace() || c.is_control() || !c.is_ascii()) {
            return Err("must be plain ASCII without blanks");
        }
        if text.contains(['?', '#', '\\']) {
            return Err("must have no query and no fragment");
        }
        let (authority, path) = match rest.find('/') {
            Some(slash) => rest.split_at(slash),
            None => (rest, ""),
        };
        if authority.is_empty() || authority.starts_with(':') {
            return Err("must name a host");
        }
        if authority.contains('@') {
            return Err("must hold no credentials; they belong under `secrets`");
        }
        Ok(Url {
            https,
            authority: authority.to_owned(),
            path: path.trim_end_matches('/').to_owned(),
        })
    }

    /// The setting `base_url`.
    ///
    /// # Errors
    /// `invalid-config` with what is wrong with it, and `example` as what would not be. It is not
    /// repeated, since it may hold credentials.
    pub fn base_url(text: &str, example: &str) -> Result<Self, Error> {
        Url::parse(text).map_err(|why| {
            invalid_config(format!(
                "settings: base_url is not usable: it {why}, e.g. {example}"
            ))
        })
    }

    /// The address of something below this one.
    #[must_use]
    pub fn join(&self, below: &str) -> Url {
        let path = format!("{}/{}", self.path, below.trim_start_matches('/'));
        Url {
            path,
            ..self.clone()
        }
    }

    /// Whether it is reached by TLS.
    pub fn is_https(&self) -> bool {
        self.https
    }

    /// Host and port.
    pub fn authority(&self) -> &str {
        &self.authority
    }

    /// The path; "/" where there is none.
    pub fn path(&self) -> &str {
        if self.path.is_empty() {
            "/"
        } else {
            &self.path
        }
    }
}

impl std::fmt::Display for Url {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let scheme = if self.https { "https" } else { "http" };
        write!(f, "{scheme}://{}{}", self.authority, self.path)
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests fail by panicking")]
mod tests {
    use super::*;

    #[test]
    fn an_address_has_its_parts() {
        let url = Url::parse("http://127.0.0.1:8000/v1/").unwrap();
        assert_eq!((url.authority(), url.path()), ("127.0.0.1:8000", "/v1"));
        assert!(!url.is_https());
        let chat = url.join("/chat/completions");
        assert_eq!(
            chat.to_string(),
            "http://127.0.0.1:8000/v1/chat/completions"
        );
        assert_eq!(Url::parse("https://[::1]").unwrap().path(), "/");
    }

    #[test]
    fn what_is_no_address_is_told_why() {
        for text in [
            "",
            "127.0.0.1:8000",
            "ftp://a",
            "http://",
            "http:///v1",
            "http://:80",
            "http://u:p@a",
            "http://a/?q",
            "http://a b",
            "http://ä",
        ] {
            assert!(Url::parse(text).is_err(), "{text:?}");
        }
    }

    #[test]
    fn a_base_url_that_is_none_is_told_with_an_example() {
        let example = "http://127.0.0.1:8000/v1";
        assert_eq!(Url::base_url(example, example).unwrap().path(), "/v1");
        let error = Url::base_url("http://u:p@a", example).unwrap_err();
        assert_eq!(error.code, crate::ErrorCode::InvalidConfig);
        assert!(
            error
                .message
                .starts_with("settings: base_url is not usable: it must hold no")
        );
        assert!(error.message.ends_with(", e.g. http://127.0.0.1:8000/v1"));
        assert!(!error.message.contains("u:p"), "{}", error.message);
    }
}
