//! Between bounded channels of the core and streams of a guest.
//!
//! Room is reserved before an item is taken, in both directions, so nothing queues up on the way: a
//! slow core holds the guest back, a slow guest holds the core back.

use crate::bindings::convert::Bad;
use crate::call::Line;
use crate::limits::channel::READ_BATCH;
use crate::meter::Meter;
use crate::store::HostState;
use futures::Stream;
use futures::channel::{mpsc, oneshot};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use tth_core::provider::ProviderError;
use wasmtime::StoreContextMut;
use wasmtime::component::{
    Destination, FutureConsumer, Lift, Source, StreamConsumer, StreamProducer, StreamResult,
    VecBuffer,
};

/// Core to guest: what waits in a channel becomes the items of a stream.
pub(crate) struct Feed<I, W> {
    inputs: mpsc::Receiver<I>,
    convert: fn(I) -> W,
}

impl<I, W> Feed<I, W> {
    pub(crate) fn new(inputs: mpsc::Receiver<I>, convert: fn(I) -> W) -> Self {
        Feed { inputs, convert }
    }
}

impl<I, W> StreamProducer<HostState> for Feed<I, W>
where
    I: Send + 'static,
    W: wasmtime::component::Lower + Send + Sync + 'static,
{
    type Item = W;
    type Buffer = VecBuffer<W>;

    fn poll_produce<'a>(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        store: StoreContextMut<'a, HostState>,
        destination: Destination<'a, W, VecBuffer<W>>,
        finish: bool,
    ) -> Poll<wasmtime::Result<StreamResult>> {
        let me = &mut *self;
        produce(context, store, destination, finish, |context| {
            let item = ready!(Pin::new(&mut me.inputs).poll_next(context));
            Poll::Ready(item.map(me.convert))
        })
    }
}

/// Answer a guest's read with what there is.
///
/// Only as many items as the read takes: what is left over would be invisible to whoever sent it.
pub(crate) fn produce<D, W>(
    context: &mut Context<'_>,
    mut store: StoreContextMut<'_, D>,
    mut destination: Destination<'_, W, VecBuffer<W>>,
    finish: bool,
    mut next: impl FnMut(&mut Context<'_>) -> Poll<Option<W>>,
) -> Poll<wasmtime::Result<StreamResult>>
where
    W: wasmtime::component::Lower + Send + Sync + 'static,
{
    let room = destination
        .remaining(&mut store)
        .unwrap_or(READ_BATCH)
        .min(READ_BATCH);
    if room == 0 {
        return Poll::Ready(Ok(StreamResult::Completed));
    }
    let mut items = Vec::new();
    let result = loop {
        match next(context) {
            Poll::Ready(Some(item)) => items.push(item),
            Poll::Ready(None) => break StreamResult::Dropped,
            Poll::Pending if !items.is_empty() => break StreamResult::Completed,
            Poll::Pending if finish => return Poll::Ready(Ok(StreamResult::Cancelled)),
            Poll::Pending => return Poll::Pending,
        }
        if items.len() == room {
            break StreamResult::Completed;
        }
    };
    destination.set_buffer(items.into());
    Poll::Ready(Ok(result))
}

/// How the events of a guest flow to the core.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Pace {
    /// As fast as the channel has room.
    Ahead,
    /// The guest's write ends when the core has taken the event, so the guest makes the next one
    /// only then; each event also renews the CPU budget. For faces, which the core pulls.
    Lockstep,
}

/// Guest to core: what a guest writes is checked, converted and sent on.
pub(crate) struct Drain<W, E> {
    events: mpsc::Sender<Result<E, ProviderError>>,
    convert: fn(W) -> Result<E, Bad>,
    pace: Pace,
    in_flight: bool,
    meter: Arc<Meter>,
    /// Says why the guest was cut off; dropped unused when the guest closed its stream.
    cut: Option<oneshot::Sender<Cut>>,
}

/// Why the host stopped reading a guest's events.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Cut {
    /// The core dropped its end.
    Cancelled,
    /// The guest sent something that it must not send.
    Bad(Bad),
}

impl<W, E> Drain<W, E> {
    pub(crate) fn new(
        line: &Line<E>,
        events: mpsc::Sender<Result<E, ProviderError>>,
        convert: fn(W) -> Result<E, Bad>,
        pace: Pace,
    ) -> (Self, oneshot::Receiver<Cut>) {
        let (cut, was_cut) = oneshot::channel();
        let meter = line.meter().clone();
        (
            Drain {
                events,
                convert,
                pace,
                in_flight: false,
                meter,
                cut: Some(cut),
            },
            was_cut,
        )
    }

    fn stop(&mut self, why: Cut) -> Poll<wasmtime::Result<StreamResult>> {
        if let Some(cut) = self.cut.take() {
            // Nobody waits any more: then the call is over anyway.
            let _over = cut.send(why);
        }
        Poll::Ready(Ok(StreamResult::Dropped))
    }
}

impl<W, E> StreamConsumer<HostState> for Drain<W, E>
where
    W: Lift + Send + 'static,
    E: Send + 'static,
{
    type Item = W;

    fn poll_consume(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        mut store: StoreContextMut<HostState>,
        mut source: Source<'_, W>,
        finish: bool,
    ) -> Poll<wasmtime::Result<StreamResult>> {
        let me = self.get_mut();
        if me.cut.is_none() {
            return Poll::Ready(Ok(StreamResult::Dropped));
        }
        let mut taken = std::mem::take(&mut me.in_flight);
        loop {
            match me.events.poll_ready(context) {
                Poll::Ready(Ok(())) if taken && me.pace == Pace::Lockstep => {
                    return Poll::Ready(Ok(StreamResult::Completed));
                }
                Poll::Ready(Ok(())) => {}
                Poll::Ready(Err(_)) => return me.stop(Cut::Cancelled),
                Poll::Pending if taken && me.pace == Pace::Lockstep && !finish => {
                    me.in_flight = true;
                    return Poll::Pending;
                }
                Poll::Pending if taken => return Poll::Ready(Ok(StreamResult::Completed)),
                Poll::Pending if finish => return Poll::Ready(Ok(StreamResult::Cancelled)),
                Poll::Pending => return Poll::Pending,
            }
            let mut slot: Option<W> = None;
            source.read(&mut store, &mut slot)?;
            let Some(item) = slot else {
                return Poll::Ready(Ok(StreamResult::Completed));
            };
            match (me.convert)(item) {
                Ok(event) => {
                    if me.events.start_send(Ok(event)).is_err() {
                        return me.stop(Cut::Cancelled);
                    }
                }
                Err(bad) => return me.stop(Cut::Bad(bad)),
            }
            taken = true;
            if me.pace == Pace::Lockstep {
                me.meter.refill();
            }
        }
    }
}

/// The end of a call, as the guest's future tells it.
pub(crate) struct Outcome<T>(Option<oneshot::Sender<T>>);

impl<T> Outcome<T> {
    pub(crate) fn new() -> (Self, oneshot::Receiver<T>) {
        let (sender, receiver) = oneshot::channel();
        (Outcome(Some(sender)), receiver)
    }
}

impl<T: Lift + Send + 'static> FutureConsumer<HostState> for Outcome<T> {
    type Item = T;

    fn poll_consume(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
        store: StoreContextMut<HostState>,
        mut source: Source<'_, T>,
        _finish: bool,
    ) -> Poll<wasmtime::Result<()>> {
        let mut slot: Option<T> = None;
        source.read(store, &mut slot)?;
        if let (Some(value), Some(sender)) = (slot, self.0.take()) {
            let _nobody_waits = sender.send(value);
        }
        Poll::Ready(Ok(()))
    }
}

/// The next value of a channel that may already be closed.
pub(crate) async fn received<T>(receiver: &mut oneshot::Receiver<T>) -> Option<T> {
    std::future::poll_fn(|context| {
        Poll::Ready(ready!(std::future::Future::poll(Pin::new(&mut *receiver), context)).ok())
    })
    .await
}
