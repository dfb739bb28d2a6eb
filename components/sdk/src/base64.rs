//! Bytes that a vendor sends in JSON.

use ::base64::Engine;
use ::base64::alphabet::STANDARD;
use ::base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};

/// The standard alphabet; padding may be left out, as some vendors do.
const ENGINE: GeneralPurpose = GeneralPurpose::new(
    &STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// The text is no base64.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NotBase64;

impl std::fmt::Display for NotBase64 {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("is no base64")
    }
}

impl std::error::Error for NotBase64 {}

/// The bytes that a text of base64 (RFC 4648, section 4) stands for.
///
/// # Errors
/// [`NotBase64`] for any other text, blanks included.
pub fn decode(text: &str) -> Result<Vec<u8>, NotBase64> {
    ENGINE.decode(text).map_err(|_| NotBase64)
}

/// The text for some bytes, with padding.
pub fn encode(bytes: &[u8]) -> String {
    ENGINE.encode(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_vectors_of_the_standard_are_read_with_and_without_padding() {
        for (text, bytes) in [
            ("", ""),
            ("Zg==", "f"),
            ("Zg", "f"),
            ("Zm8=", "fo"),
            ("Zm9v", "foo"),
            ("Zm9vYmFy", "foobar"),
        ] {
            assert_eq!(decode(text).as_deref(), Ok(bytes.as_bytes()), "{text}");
        }
        assert_eq!(encode(b"fo"), "Zm8=");
        assert_eq!(decode("+/+/"), Ok(vec![0xfb, 0xff, 0xbf]));
    }

    #[test]
    fn anything_else_is_refused() {
        for text in [
            "Z",
            "Zm9v\n",
            "Zm9v!",
            "-_-_",
            "Zg==Zg==",
            "data:;base64,Zg==",
        ] {
            assert_eq!(decode(text), Err(NotBase64), "{text:?}");
        }
    }
}
