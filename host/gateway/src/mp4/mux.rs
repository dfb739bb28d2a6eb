//! The file: two tracks of coded samples, the index in front.

use super::video::Picture;
use super::{Mp4Error, Sample};
use muxide::api::{AudioCodec, Muxer, MuxerBuilder, MuxerError, VideoCodec};
use tth_core::media::{AudioFormat, Micros};

/// A file of what there is.
pub(super) fn file(
    picture: Option<Picture>,
    sound: Option<(AudioFormat, Vec<Sample>)>,
) -> Result<Vec<u8>, Mp4Error> {
    let picture = picture.filter(|picture| !picture.samples.is_empty());
    let sound = sound.filter(|(_, packets)| !packets.is_empty());
    if picture.is_none() && sound.is_none() {
        return Err(Mp4Error::Empty);
    }
    let mut bytes = Vec::new();
    let mut builder = MuxerBuilder::new(&mut bytes).with_fast_start(true);
    if let Some(Picture {
        size: (width, height),
        frame_us,
        ..
    }) = &picture
    {
        let rate = 1e6 / (*frame_us).max(1) as f64;
        builder = builder.video(VideoCodec::H264, (*width).into(), (*height).into(), rate);
    }
    if let Some((format, _)) = &sound {
        builder = builder.audio(AudioCodec::Opus, format.sample_rate, format.channels.into());
    }
    let mut muxer = builder.build().map_err(wrong)?;
    write(&mut muxer, picture, sound).map_err(wrong)?;
    muxer.finish().map_err(wrong)?;
    Ok(bytes)
}

/// Pictures first: the muxer wants to know one before it takes sound, and sorts by time itself.
fn write(
    muxer: &mut Muxer<&mut Vec<u8>>,
    picture: Option<Picture>,
    sound: Option<(AudioFormat, Vec<Sample>)>,
) -> Result<(), MuxerError> {
    for Sample { at, keyframe, data } in picture.into_iter().flat_map(|picture| picture.samples) {
        muxer.write_video(seconds(at), &data, keyframe)?;
    }
    for Sample { at, data, .. } in sound.into_iter().flat_map(|(_, packets)| packets) {
        muxer.write_audio(seconds(at), &data)?;
    }
    Ok(())
}

fn seconds(at: Micros) -> f64 {
    at as f64 / 1e6
}

fn wrong(error: MuxerError) -> Mp4Error {
    Mp4Error::Mux(error.to_string())
}
