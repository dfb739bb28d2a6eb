//! Streams as a provider sees them: [`Inputs`] to read, [`Sink`] to write.
//!
//! Both stand on a WIT stream in the sandbox and on a plain channel in native tests.

use futures::channel::mpsc;
use futures::{SinkExt, Stream, StreamExt};
use std::collections::VecDeque;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};
use wit_bindgen::rt::async_support::{StreamRead, StreamReader, StreamResult, StreamWriter};

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
pub struct Inputs<I: 'static> {
    source: Source<I>,
    /// Read, but not asked for yet.
    ready: VecDeque<I>,
    closed: bool,
}

enum Source<I: 'static> {
    Wit(StreamReader<I>),
    Stream(Pin<Box<dyn Stream<Item = I>>>),
}

/// A read that keeps what it got, even if whoever waits for it gives up.
struct Reading<'a, I: 'static> {
    read: Pin<Box<StreamRead<'a, I>>>,
    ready: &'a mut VecDeque<I>,
    closed: &'a mut bool,
    over: bool,
}

impl<'a, I: 'static> Reading<'a, I> {
    fn start(
        reader: &'a mut StreamReader<I>,
        ready: &'a mut VecDeque<I>,
        closed: &'a mut bool,
    ) -> Self {
        let read = Box::pin(reader.read(Vec::with_capacity(READ_BATCH)));
        Reading {
            read,
            ready,
            closed,
            over: false,
        }
    }

    fn done(&mut self, (result, items): (StreamResult, Vec<I>)) {
        self.over = true;
        *self.closed |= matches!(result, StreamResult::Dropped);
        self.ready.extend(items);
    }
}

impl<I: 'static> Future for Reading<'_, I> {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        let read = std::task::ready!(self.read.as_mut().poll(context));
        self.done(read);
        Poll::Ready(())
    }
}

impl<I: 'static> Drop for Reading<'_, I> {
    fn drop(&mut self) {
        if !self.over {
            let read = self.read.as_mut().cancel();
            self.done(read);
        }
    }
}

impl<I: 'static> Inputs<I> {
    #[doc(hidden)]
    pub fn from_wit(reader: StreamReader<I>) -> Self {
        Self::from_source(Source::Wit(reader))
    }

    /// From any stream: for native tests.
    pub fn new(stream: impl Stream<Item = I> + 'static) -> Self {
        Self::from_source(Source::Stream(Box::pin(stream)))
    }

    fn from_source(source: Source<I>) -> Self {
        Inputs {
            source,
            ready: VecDeque::new(),
            closed: false,
        }
    }

    /// The next item; `None` once the writer closed the stream.
    pub async fn next(&mut self) -> Option<I> {
        while self.ready.is_empty() && !self.closed {
            match &mut self.source {
                Source::Wit(reader) => {
                    Reading::start(reader, &mut self.ready, &mut self.closed).await;
                }
                Source::Stream(stream) => match stream.next().await {
                    Some(item) => self.ready.push_back(item),
                    None => self.closed = true,
                },
            }
        }
        self.ready.pop_front()
    }

    /// Whether the writer has closed the stream and all was read.
    pub fn ended(&self) -> bool {
        self.closed && self.ready.is_empty()
    }

    /// Everything that has arrived by now, without waiting for more.
    ///
    /// What the writer sent before the reader's last event was taken is always among it: the host is
    /// asked, rather than its notice waited for, which could come after the next event.
    pub async fn waiting(&mut self) -> Vec<I> {
        // So that a call that never waits for anything still lets the host have its turn.
        yield_now().await;
        while !self.closed {
            let before = self.ready.len();
            match &mut self.source {
                Source::Wit(reader) => {
                    let mut reading = Reading::start(reader, &mut self.ready, &mut self.closed);
                    std::future::poll_fn(|context| {
                        let _what_there_is = Pin::new(&mut reading).poll(context);
                        Poll::Ready(())
                    })
                    .await;
                }
                Source::Stream(stream) => {
                    let item = std::future::poll_fn(|context| {
                        Poll::Ready(stream.as_mut().poll_next(context))
                    });
                    match item.await {
                        Poll::Ready(Some(item)) => self.ready.push_back(item),
                        Poll::Ready(None) => self.closed = true,
                        Poll::Pending => {}
                    }
                }
            }
            if self.ready.len() == before {
                break;
            }
        }
        self.ready.drain(..).collect()
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

    /// Look whether the reader is still there, without sending anything.
    ///
    /// # Errors
    /// [`Closed`] as for [`Sink::send`].
    pub async fn probe(&mut self) -> Result<(), Closed> {
        match &mut self.0 {
            // A write of nothing ends when the reader could take something, or is gone.
            Writer::Wit(writer) => match writer.write(Vec::new()).await.0 {
                StreamResult::Dropped => Err(Closed),
                _ => Ok(()),
            },
            Writer::Channel(sender) => match sender.is_closed() {
                true => Err(Closed),
                false => Ok(()),
            },
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
