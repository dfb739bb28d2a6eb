//! Streams as a provider sees them: [`Inputs`] to read, [`Sink`] to write.
//!
//! Both stand on a WIT stream in the sandbox and on a plain channel in native tests.

use futures::channel::mpsc;
use futures::{SinkExt, Stream, StreamExt};
use std::future::Future;
use std::pin::Pin;
use std::task::Poll;
use wit_bindgen::rt::async_support::{StreamReader, StreamResult, StreamWriter};

/// Items taken from a WIT stream at one read. Bounds what a fast writer can pile up in the guest.
const READ_BATCH: usize = 16;

/// The reader of this stream is gone: stop working at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Closed;

impl std::fmt::Display for Closed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("the reader closed the stream")
    }
}

impl std::error::Error for Closed {}

/// The input side of a call.
pub struct Inputs<I> {
    inner: Pin<Box<dyn Stream<Item = I>>>,
    ended: bool,
}

impl<I: 'static> Inputs<I> {
    #[doc(hidden)]
    pub fn from_wit(reader: StreamReader<I>) -> Self {
        let batches = futures::stream::unfold(Some(reader), |reader| async move {
            let mut reader = reader?;
            let (result, items) = reader.read(Vec::with_capacity(READ_BATCH)).await;
            let more = !matches!(result, StreamResult::Dropped);
            Some((futures::stream::iter(items), more.then_some(reader)))
        });
        Self::new(batches.flatten())
    }

    /// From any stream: for native tests.
    pub fn new(stream: impl Stream<Item = I> + 'static) -> Self {
        Inputs {
            inner: Box::pin(stream),
            ended: false,
        }
    }

    /// The next item; `None` once the writer closed the stream.
    pub async fn next(&mut self) -> Option<I> {
        if self.ended {
            return None;
        }
        let item = self.inner.next().await;
        self.ended = item.is_none();
        item
    }

    /// Whether the writer has closed the stream and all was read.
    pub fn ended(&self) -> bool {
        self.ended
    }

    /// Everything that has arrived by now, without waiting for more.
    pub async fn waiting(&mut self) -> Vec<I> {
        // An event that completed an earlier read is only delivered when the task yields.
        yield_now().await;
        let mut items = Vec::new();
        std::future::poll_fn(|context| {
            while !self.ended {
                match self.inner.as_mut().poll_next(context) {
                    Poll::Ready(Some(item)) => items.push(item),
                    Poll::Ready(None) => self.ended = true,
                    Poll::Pending => break,
                }
            }
            Poll::Ready(())
        })
        .await;
        items
    }
}

enum Writer<E: 'static> {
    Wit(StreamWriter<E>),
    Channel(mpsc::Sender<E>),
}

/// The output side of a call. Sending waits until the reader has room.
pub struct Sink<E: 'static>(Writer<E>);

impl<E: 'static> Sink<E> {
    #[doc(hidden)]
    pub fn from_wit(writer: StreamWriter<E>) -> Self {
        Sink(Writer::Wit(writer))
    }

    /// A sink over a channel that holds `capacity` items: for native tests.
    pub fn channel(capacity: usize) -> (Self, mpsc::Receiver<E>) {
        let (sender, receiver) = mpsc::channel(capacity);
        (Sink(Writer::Channel(sender)), receiver)
    }

    /// Send one item.
    ///
    /// # Errors
    /// [`Closed`] once the reader is gone (a cancelled call): return from the call then.
    pub async fn send(&mut self, item: E) -> Result<(), Closed> {
        match &mut self.0 {
            Writer::Wit(writer) => match writer.write_one(item).await {
                None => Ok(()),
                Some(_) => Err(Closed),
            },
            Writer::Channel(sender) => sender.send(item).await.map_err(|_| Closed),
        }
    }

    /// Send several items in one go, in order.
    ///
    /// # Errors
    /// [`Closed`] as for [`Sink::send`]; some of the items may have been taken.
    pub async fn send_all(&mut self, items: Vec<E>) -> Result<(), Closed> {
        match &mut self.0 {
            Writer::Wit(writer) => match writer.write_all(items).await.is_empty() {
                true => Ok(()),
                false => Err(Closed),
            },
            Writer::Channel(sender) => {
                for item in items {
                    sender.send(item).await.map_err(|_| Closed)?;
                }
                Ok(())
            }
        }
    }
}

/// Let other tasks of the instance, and events from the host, have their turn.
/// Call it between pieces of long work so that a cancelled call is noticed.
pub fn yield_now() -> impl Future<Output = ()> {
    #[cfg(target_family = "wasm")]
    return wit_bindgen::rt::async_support::yield_async();
    #[cfg(not(target_family = "wasm"))]
    {
        let mut yielded = false;
        std::future::poll_fn(move |context| {
            if std::mem::replace(&mut yielded, true) {
                return Poll::Ready(());
            }
            context.waker().wake_by_ref();
            Poll::Pending
        })
    }
}

/// Run a streaming call to its end and gather its events.
pub(crate) async fn collect<E: 'static>(
    call: impl Future<Output = Result<(), crate::Error>>,
    events: mpsc::Receiver<E>,
) -> Result<Vec<E>, crate::Error> {
    let (ended, events) = futures::join!(call, events.collect());
    ended.map(|()| events)
}

/// Gather events until `count` of them are `wanted`, then leave the call.
pub(crate) async fn collect_until<E: 'static>(
    call: impl Future<Output = Result<(), crate::Error>>,
    mut events: mpsc::Receiver<E>,
    count: usize,
    wanted: impl Fn(&E) -> bool,
) -> Result<Vec<E>, crate::Error> {
    let gather = async move {
        let (mut got, mut taken) = (Vec::new(), 0);
        while taken < count {
            let Some(event) = events.next().await else {
                break;
            };
            taken += usize::from(wanted(&event));
            got.push(event);
        }
        got
    };
    futures::pin_mut!(call, gather);
    match futures::future::select(call, gather).await {
        futures::future::Either::Left((ended, gather)) => {
            ended?;
            Ok(gather.await)
        }
        futures::future::Either::Right((events, _)) => Ok(events),
    }
}
