//! Files are made of generated media and, where ffmpeg is installed, decoded by it.

use super::{Encoder, Media, Mp4Error, encode};
use jpeg_encoder::{ColorType, SamplingFactor};
use rusty_h264::EncoderConfig;
use std::path::PathBuf;
use std::process::Command;
use tth_core::media::{AudioChunk, AudioFormat, VideoCodec, VideoFrame};

const VOICE: AudioFormat = AudioFormat {
    sample_rate: 24_000,
    channels: 1,
};
const SIZE: u16 = 64;
const FRAME_US: u64 = 40_000;

/// A tone of 440 Hz with a silent first half.
fn sound(at: u64, ms: u64, format: AudioFormat) -> AudioChunk {
    let count = format.sample_rate as u64 * ms / 1000;
    let sample = |n: u64| {
        let tone = (n as f64 * 440.0 / f64::from(format.sample_rate) * std::f64::consts::TAU).sin()
            * 12_000.0;
        if n < count / 2 { 0 } else { tone as i16 }
    };
    let pcm: Vec<u8> = (0..count)
        .flat_map(|n| std::iter::repeat_n(sample(n).to_le_bytes(), format.channels.into()))
        .flatten()
        .collect();
    AudioChunk {
        at,
        format,
        pcm: pcm.into(),
    }
}

/// A picture of one colour that grows lighter with `n`.
fn jpeg(at: u64, n: u8, size: u16) -> VideoFrame {
    let mut data = Vec::new();
    let mut encoder = jpeg_encoder::Encoder::new(&mut data, 90);
    encoder.set_sampling_factor(SamplingFactor::F_2_2);
    let pixel = [200, 40 + n * 4, 30];
    encoder
        .encode(
            &pixel.repeat(usize::from(size) * usize::from(size)),
            size,
            size,
            ColorType::Rgb,
        )
        .unwrap();
    VideoFrame {
        at,
        duration_us: FRAME_US as u32,
        codec: VideoCodec::Jpeg,
        width: size,
        height: size,
        keyframe: true,
        data: data.into(),
    }
}

fn h264(start: u64, count: u64) -> Vec<VideoFrame> {
    let mut config = EncoderConfig::baseline(SIZE.into(), SIZE.into());
    config.gop_size = 5;
    let mut encoder = rusty_h264::Encoder::new(config).unwrap();
    (0..count)
        .map(|n| {
            let mut picture = rusty_h264::YuvFrame::black(SIZE.into(), SIZE.into());
            picture.y.fill(20 + n as u8 * 5);
            let data = encoder.encode(&picture);
            let keyframe = super::video::is_idr(&data);
            VideoFrame {
                at: start + n * FRAME_US,
                duration_us: FRAME_US as u32,
                codec: VideoCodec::H264Annexb,
                width: SIZE,
                height: SIZE,
                keyframe,
                data: data.into(),
            }
        })
        .collect()
}

/// A file that is gone after the test.
struct File(PathBuf);

impl File {
    fn new(name: &str, bytes: &[u8]) -> Self {
        let path = std::env::temp_dir().join(format!("tth-mp4-{}-{name}.mp4", std::process::id()));
        std::fs::write(&path, bytes).unwrap();
        File(path)
    }

    /// None where ffmpeg is not installed.
    fn run(&self, program: &str, before: &[&str], after: &[&str]) -> Option<(Vec<u8>, String)> {
        let output = Command::new(program)
            .args(before)
            .arg(&self.0)
            .args(after)
            .output()
            .ok()?;
        Some((output.stdout, String::from_utf8(output.stderr).unwrap()))
    }
}

impl Drop for File {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.0);
    }
}

/// Decodes without a word from ffmpeg; gives the length of each stream in seconds, and its frames.
fn check(name: &str, bytes: &[u8]) -> Option<Vec<(String, f64, usize)>> {
    assert_eq!(&bytes[4..8], b"ftyp");
    let position = |name: &[u8]| bytes.windows(4).position(|w| w == name).unwrap();
    assert!(
        position(b"moov") < position(b"mdat"),
        "the index comes first"
    );
    let file = File::new(name, bytes);
    let Some((_, complaints)) = file.run("ffmpeg", &["-v", "error", "-i"], &["-f", "null", "-"])
    else {
        eprintln!("ffmpeg is not installed: only the boxes were checked");
        return None;
    };
    assert_eq!(complaints, "", "{name}");
    let entries = "stream=codec_name,duration,nb_read_frames";
    let (out, _) = file.run(
        "ffprobe",
        &[
            "-v",
            "error",
            "-count_frames",
            "-show_entries",
            entries,
            "-of",
            "csv=p=0",
        ],
        &[],
    )?;
    let line = |line: &str| {
        let mut parts = line.split(',');
        let mut part = || parts.next().unwrap().to_owned();
        (part(), part().parse().unwrap(), part().parse().unwrap())
    };
    Some(String::from_utf8(out).unwrap().lines().map(line).collect())
}

fn lengths_agree(streams: &[(String, f64, usize)]) {
    let [video, audio] = streams else {
        panic!("{streams:?}")
    };
    assert_eq!((video.0.as_str(), audio.0.as_str()), ("h264", "opus"));
    assert!((video.1 - audio.1).abs() <= 0.06, "{streams:?}");
}

#[test]
fn jpeg_frames_are_coded_again() {
    let mut media: Vec<_> = (0..25)
        .map(|n| Media::Video(jpeg(5_000_000 + n * FRAME_US, n as u8, SIZE)))
        .collect();
    media.extend((0..10).map(|n| Media::Audio(sound(5_000_000 + n * 100_000, 100, VOICE))));
    let bytes = encode(media).unwrap();
    let Some(streams) = check("jpeg", &bytes) else {
        return;
    };
    lengths_agree(&streams);
    assert_eq!(streams[0].2, 25);
    assert!((streams[0].1 - 1.0).abs() < 0.001, "{streams:?}");
    // The colour is still there: first frame, one pixel in the middle.
    let file = File::new("jpeg-colour", &bytes);
    let after = ["-frames:v", "1", "-f", "rawvideo", "-pix_fmt", "rgb24", "-"];
    let (pixels, _) = file.run("ffmpeg", &["-v", "error", "-i"], &after).unwrap();
    let middle = &pixels[(usize::from(SIZE) * 32 + 32) * 3..][..3];
    let near = middle
        .iter()
        .zip([200u8, 40, 30])
        .all(|(a, b)| a.abs_diff(b) <= 8);
    assert!(near, "{middle:?}");
}

#[test]
fn h264_frames_are_taken_as_they_are() {
    let mut encoder = Encoder::new();
    // The frames before the first key frame cannot be seen.
    for frame in h264(0, 30).iter().skip(3) {
        encoder.video(frame).unwrap();
    }
    for n in 0..12 {
        encoder.audio(&sound(n * 100_000, 100, VOICE)).unwrap();
    }
    let Some(streams) = check("h264", &encoder.finish().unwrap()) else {
        return;
    };
    lengths_agree(&streams);
    assert_eq!(streams[0].2, 25);
}

#[test]
fn sound_alone_and_picture_alone_make_a_file() {
    let silent = encode(h264(0, 10).into_iter().map(Media::Video)).unwrap();
    if let Some(streams) = check("silent", &silent) {
        assert_eq!(streams.len(), 1);
        assert_eq!(streams[0].2, 10);
    }
    let blind = encode((0..5).map(|n| Media::Audio(sound(n * 200_000, 200, VOICE)))).unwrap();
    if let Some(streams) = check("blind", &blind) {
        assert_eq!((streams.len(), streams[0].0.as_str()), (1, "opus"));
        assert!((streams[0].1 - 1.0).abs() < 0.04, "{streams:?}");
    }
    assert!(matches!(encode([]), Err(Mp4Error::Empty)));
}

#[test]
fn every_voice_can_be_coded() {
    for (rate, channels) in [
        (8_000, 1),
        (16_000, 1),
        (22_050, 1),
        (44_100, 2),
        (48_000, 2),
        (96_000, 6),
    ] {
        let format = AudioFormat {
            sample_rate: rate,
            channels,
        };
        let media = [
            Media::Video(jpeg(0, 0, SIZE)),
            Media::Audio(sound(0, 500, format)),
        ];
        let bytes = encode(media).unwrap();
        if let Some(streams) = check(&format!("voice-{rate}-{channels}"), &bytes) {
            // The picture is held for as long as the sound lasts.
            lengths_agree(&streams);
            assert!((streams[0].1 - 0.5).abs() < 0.03, "{streams:?}");
        }
    }
}

#[test]
fn sound_stays_at_its_place() {
    // A picture comes first, sound 300 ms later, and the tone in its second half: at 800 ms.
    let mut media: Vec<_> = h264(2_000_000, 35).into_iter().map(Media::Video).collect();
    media.insert(0, Media::Audio(sound(2_300_000, 1000, VOICE)));
    let bytes = encode(media).unwrap();
    let Some(streams) = check("place", &bytes) else {
        return;
    };
    lengths_agree(&streams);
    let file = File::new("place-pcm", &bytes);
    let after = ["-f", "s16le", "-ac", "1", "-ar", "48000", "-"];
    let (pcm, _) = file.run("ffmpeg", &["-v", "error", "-i"], &after).unwrap();
    let loud = pcm
        .chunks_exact(2)
        .map(|b| i16::from_le_bytes([b[0], b[1]]))
        .position(|s| s.unsigned_abs() > 3_000)
        .unwrap();
    let ms = loud as f64 / 48.0;
    assert!((795.0..=812.0).contains(&ms), "the tone starts at {ms} ms");
}

#[test]
fn odd_frames_do_no_harm() {
    let mut encoder = Encoder::new();
    encoder.video(&jpeg(0, 0, SIZE)).unwrap();
    // Twice the same time, another size, no sound in it.
    encoder.video(&jpeg(0, 9, SIZE)).unwrap();
    encoder.video(&jpeg(FRAME_US, 9, SIZE * 2)).unwrap();
    encoder
        .audio(&AudioChunk {
            at: 0,
            format: AudioFormat {
                sample_rate: 0,
                channels: 0,
            },
            pcm: vec![1].into(),
        })
        .unwrap();
    encoder.video(&jpeg(FRAME_US * 2, 9, SIZE)).unwrap();
    if let Some(streams) = check("odd", &encoder.finish().unwrap()) {
        assert_eq!((streams.len(), streams[0].2), (1, 2));
    }
    let broken = |codec, data: &[u8]| VideoFrame {
        codec,
        data: data.to_vec().into(),
        ..jpeg(0, 0, SIZE)
    };
    let alone = |frame| encode([Media::Video(frame)]);
    assert!(matches!(
        alone(broken(VideoCodec::Jpeg, b"\xff\xd8 no")),
        Err(Mp4Error::Decode(_))
    ));
    assert!(matches!(
        alone(VideoFrame {
            width: 32,
            ..jpeg(0, 0, SIZE)
        }),
        Err(Mp4Error::Decode(_))
    ));
    assert!(matches!(
        alone(broken(VideoCodec::Vp8, b"x")),
        Err(Mp4Error::Codec(VideoCodec::Vp8))
    ));
}
