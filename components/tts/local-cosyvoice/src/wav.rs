//! The recording of the voice to imitate.

/// The lowest rate that the server takes, in samples a second.
const LEAST_RATE: u32 = 16_000;
/// The highest that makes sense.
const MOST_RATE: u32 = 192_000;
/// The longest recording that the server takes, in seconds.
const LONGEST_S: u64 = 30;

/// Whether the bytes are a WAV that the server can take.
///
/// # Errors
/// What is wrong with it, in words that fit behind its name.
pub(crate) fn check(wav: &[u8]) -> Result<(), String> {
    let none = || "is no WAV (RIFF)".to_owned();
    let rest = wav.strip_prefix(b"RIFF").ok_or_else(none)?;
    let mut rest = match rest.split_at_checked(4) {
        Some((_size, rest)) => rest.strip_prefix(b"WAVE").ok_or_else(none)?,
        None => return Err(none()),
    };
    let mut bytes_a_second = None;
    loop {
        let Some((id, after)) = rest.split_at_checked(4) else {
            return Err("is a WAV without sound".into());
        };
        let (size, after) = after.split_first_chunk::<4>().ok_or_else(none)?;
        let size = u32::from_le_bytes(*size) as usize;
        match id {
            b"fmt " => {
                let number = |at: usize| {
                    let bytes = after.get(at..)?.first_chunk::<4>()?;
                    Some(u32::from_le_bytes(*bytes))
                };
                let rate = number(4).ok_or_else(none)?;
                if !(LEAST_RATE..=MOST_RATE).contains(&rate) {
                    return Err(format!(
                        "has {rate} samples a second, but must have {LEAST_RATE} or more"
                    ));
                }
                bytes_a_second = number(8).filter(|bytes| *bytes > 0);
            }
            b"data" => {
                // Streamed files name a size that they do not have.
                let length = size.min(after.len()) as u64;
                let per_second = bytes_a_second.ok_or_else(none)?;
                return match length.div_ceil(u64::from(per_second)) {
                    0 => Err("is a WAV without sound".into()),
                    seconds if seconds > LONGEST_S => Err(format!(
                        "lasts about {seconds} s, but {LONGEST_S} s is the most"
                    )),
                    _ => Ok(()),
                };
            }
            _ => {}
        }
        // Chunks begin at even places.
        rest = after.get(size + size % 2..).unwrap_or_default();
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use proptest::prelude::*;

    /// A recording of silence.
    pub(crate) fn silence(rate: u32, seconds: u32) -> Vec<u8> {
        let length = rate * seconds * 2;
        let mut wav = b"RIFF".to_vec();
        wav.extend((length + 46).to_le_bytes());
        wav.extend(b"WAVELIST\x01\0\0\0x\0fmt \x10\0\0\0\x01\0\x01\0");
        wav.extend(rate.to_le_bytes());
        wav.extend((rate * 2).to_le_bytes());
        wav.extend(b"\x02\0\x10\0data");
        wav.extend(length.to_le_bytes());
        wav.resize(wav.len() + length as usize, 0);
        wav
    }

    #[test]
    fn recordings_that_the_server_takes_are_taken() {
        assert_eq!(check(&silence(16_000, 1)), Ok(()));
        assert_eq!(check(&silence(48_000, 30)), Ok(()));
    }

    #[test]
    fn others_are_named() {
        let said = |wav: &[u8]| check(wav).err().unwrap_or_default();
        assert!(said(&silence(8_000, 1)).contains("8000 samples"));
        assert!(said(&silence(16_000, 31)).contains("31 s"));
        assert!(said(&silence(16_000, 0)).contains("without sound"));
        assert!(said(b"ID3 an mp3 file").contains("no WAV"));
        assert!(said(b"RIFF").contains("no WAV"));
        assert!(said(b"RIFF....WAVE").contains("without sound"));
        assert!(
            said(b"RIFF....WAVEdata\x02\0\0\0xx").contains("no WAV"),
            "no format"
        );
    }

    proptest! {
        #[test]
        fn nothing_is_too_broken(cut in 0_usize..60, at in 0_usize..60, byte: u8) {
            let mut wav = silence(16_000, 1);
            if let Some(found) = wav.get_mut(at) {
                *found = byte;
            }
            wav.truncate(cut);
            let _any = check(&wav);
        }
    }
}
