//! The sound track: PCM laid on the file's timeline, coded as Opus in packets of 20 ms.

use super::{Mp4Error, Sample, codable};
use crate::wav::Timeline;
use opus_rs::{Application, OpusEncoder};
use tth_core::media::{AudioChunk, AudioFormat, Micros, SECOND};

/// Length of a packet.
const PACKET_US: Micros = 20_000;
/// How late the coder is: the player drops this much from the start (`dOps` says so), and at the
/// end this much silence pushes the last sound out. 312 samples at 48 kHz.
const DELAY_US: Micros = 6_500;
/// Clear speech with room to spare.
const BITS_PER_SECOND_AND_CHANNEL: i32 = 48_000;
/// The longest packet that Opus allows.
const MAX_PACKET_BYTES: usize = 1_275;

/// A sound track being made.
pub(super) struct AudioTrack {
    line: Timeline,
    origin: Micros,
    encoder: OpusEncoder,
    /// Laid, but not coded: less than a packet.
    pending: Vec<i16>,
    packets: Vec<Sample>,
}

impl std::fmt::Debug for AudioTrack {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("AudioTrack")
            .field("line", &self.line)
            .field("packets", &self.packets.len())
            .finish()
    }
}

impl AudioTrack {
    /// A track of sound like `format` that starts at `origin`.
    pub(super) fn new(format: AudioFormat, origin: Micros) -> Result<Self, Mp4Error> {
        let format = codable(format);
        let rate = i32::try_from(format.sample_rate).unwrap_or(48_000);
        let mut encoder = OpusEncoder::new(rate, format.channels.into(), Application::Audio)
            .map_err(|error| Mp4Error::Audio(error.into()))?;
        encoder.bitrate_bps = BITS_PER_SECOND_AND_CHANNEL * i32::from(format.channels);
        Ok(AudioTrack {
            line: Timeline::new(format, origin),
            origin,
            encoder,
            pending: Vec::new(),
            packets: Vec::new(),
        })
    }

    /// The layout that is coded.
    pub(super) fn format(&self) -> AudioFormat {
        self.line.format()
    }

    /// Where the sound ends, from the file's start.
    pub(super) fn end(&self) -> Micros {
        self.line.end() - self.origin
    }

    /// More sound.
    pub(super) fn add(&mut self, chunk: &AudioChunk) -> Result<(), Mp4Error> {
        let samples = self.line.lay(chunk);
        self.pending.extend(samples);
        self.code()
    }

    /// The packets, with silence up to `end` from the file's start.
    pub(super) fn finish(mut self, end: Micros) -> Result<Vec<Sample>, Mp4Error> {
        let end = end.max(self.end());
        let silence = self.line.silence_until(self.origin + end + DELAY_US);
        self.pending.extend(silence);
        let packet = self.packet_samples();
        self.pending
            .resize(self.pending.len().next_multiple_of(packet), 0);
        self.code()?;
        Ok(self.packets)
    }

    /// Samples of a packet, of all channels.
    fn packet_samples(&self) -> usize {
        self.packet_frames() * usize::from(self.format().channels)
    }

    fn packet_frames(&self) -> usize {
        (u64::from(self.format().sample_rate) * PACKET_US / SECOND) as usize
    }

    fn code(&mut self) -> Result<(), Mp4Error> {
        let (frames, length) = (self.packet_frames(), self.packet_samples());
        let whole = self.pending.len() / length * length;
        let mut buffer = [0; MAX_PACKET_BYTES];
        for samples in self.pending.chunks_exact(length) {
            let coded = self
                .encoder
                .encode_i16(samples, frames, &mut buffer)
                .map_err(|error| Mp4Error::Audio(error.into()))?;
            let at = self.packets.len() as Micros * PACKET_US;
            let data = buffer.get(..coded).unwrap_or(&buffer).to_vec();
            self.packets.push(Sample {
                at,
                keyframe: true,
                data,
            });
        }
        self.pending.drain(..whole);
        Ok(())
    }
}
