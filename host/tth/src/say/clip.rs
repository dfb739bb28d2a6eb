//! The video file: coded while the turn runs, and there only once it is whole.

use anyhow::{Context, Result, anyhow, bail};
use std::fs;
use std::path::{Path, PathBuf};
use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use tth_core::events::ServerEvent;
use tth_gateway::mp4::{Encoder, Mp4Error};

/// Media that may wait for the coder, in pieces: the turn waits when it is that much ahead.
const QUEUE: usize = 32;

/// A file that is being made.
pub(super) struct Clip {
    path: PathBuf,
    media: mpsc::Sender<ServerEvent>,
    encoder: JoinHandle<Result<Vec<u8>, Mp4Error>>,
}

/// A file that was made.
#[derive(Debug)]
pub(super) struct Written {
    /// Where.
    pub(super) path: PathBuf,
    /// Its size.
    pub(super) bytes: usize,
}

impl Clip {
    /// Starts one that will be at `path`, over whatever file is there.
    ///
    /// # Errors
    /// When there can be no such file.
    pub(super) fn create(path: &Path) -> Result<Self> {
        if path.is_dir() {
            bail!(
                "--out {} is a directory, expected a file, e.g. clip.mp4",
                path.display()
            );
        }
        let directory = directory(path);
        if !directory.is_dir() {
            bail!(
                "--out {}: there is no directory {}",
                path.display(),
                directory.display()
            );
        }
        let (media, mut queue) = mpsc::channel(QUEUE);
        let encoder = tokio::task::spawn_blocking(move || {
            let mut encoder = Encoder::new();
            while let Some(event) = queue.blocking_recv() {
                match event {
                    ServerEvent::Audio(chunk) => encoder.audio(&chunk)?,
                    ServerEvent::Video(frame) => encoder.video(&frame)?,
                    _ => {}
                }
            }
            encoder.finish()
        });
        Ok(Clip {
            path: path.to_owned(),
            media,
            encoder,
        })
    }

    /// More sound or picture.
    ///
    /// # Errors
    /// When what came before could not be coded.
    pub(super) async fn add(&mut self, event: ServerEvent) -> Result<()> {
        if self.media.send(event).await.is_ok() {
            return Ok(());
        }
        match (&mut self.encoder).await {
            Ok(Err(error)) => Err(error.into()),
            _ => Err(anyhow!("the coder stopped")),
        }
    }

    /// Writes the file.
    ///
    /// # Errors
    /// When it cannot be coded or written; then no file is left.
    pub(super) async fn finish(self) -> Result<Written> {
        drop(self.media);
        let coded = self.encoder.await.context("the coder broke down")?;
        let file = coded.context("making the video")?;
        write(&self.path, &file).with_context(|| format!("writing {}", self.path.display()))?;
        Ok(Written {
            path: self.path,
            bytes: file.len(),
        })
    }
}

fn directory(path: &Path) -> &Path {
    match path.parent() {
        Some(parent) if parent != Path::new("") => parent,
        _ => Path::new("."),
    }
}

/// All of it or nothing: beside its place first, then moved there.
fn write(path: &Path, bytes: &[u8]) -> Result<()> {
    let mut name = path.file_name().context("it has no name")?.to_owned();
    name.push(format!(".{}.part", std::process::id()));
    let part = directory(path).join(name);
    let written = fs::write(&part, bytes).and_then(|()| fs::rename(&part, path));
    if written.is_err() {
        // It may not even be there; the error that counts is the other one.
        let _absent = fs::remove_file(&part);
    }
    Ok(written?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use bytes::Bytes;
    use tth_core::media::{AudioChunk, AudioFormat};

    fn sound(at: u64) -> ServerEvent {
        let format = AudioFormat {
            sample_rate: 24_000,
            channels: 1,
        };
        let pcm = Bytes::from(vec![0; 9_600]);
        ServerEvent::Audio(AudioChunk { at, format, pcm })
    }

    #[tokio::test]
    async fn the_file_replaces_an_old_one_and_nothing_else_is_left() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("clip.mp4");
        fs::write(&path, b"old").unwrap();
        let mut clip = Clip::create(&path).unwrap();
        clip.add(sound(0)).await.unwrap();
        clip.add(sound(200_000)).await.unwrap();
        let written = clip.finish().await.unwrap();
        let bytes = fs::read(&path).unwrap();
        assert_eq!(bytes.len(), written.bytes);
        assert_eq!(bytes.get(4..8), Some(b"ftyp".as_slice()));
        assert_eq!(fs::read_dir(directory.path()).unwrap().count(), 1);
    }

    #[tokio::test]
    async fn without_media_an_old_file_stays() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("clip.mp4");
        fs::write(&path, b"old").unwrap();
        let error = Clip::create(&path).unwrap().finish().await.unwrap_err();
        assert!(
            format!("{error:#}").contains("neither sound nor picture"),
            "{error:#}"
        );
        assert_eq!(fs::read(&path).unwrap(), b"old");
        assert_eq!(fs::read_dir(directory.path()).unwrap().count(), 1);
    }

    #[tokio::test]
    async fn a_place_that_cannot_be_is_refused_at_once() {
        let directory = tempfile::tempdir().unwrap();
        assert!(Clip::create(directory.path()).is_err());
        let error = Clip::create(&directory.path().join("no/clip.mp4"))
            .err()
            .unwrap();
        assert!(
            error.to_string().contains("there is no directory"),
            "{error}"
        );
    }
}
