//! The two streams of a guest that lead to its socket and back.

use super::queue::{Receiver, Sender};
use crate::bindings::v0_1::host::tth::host::websocket::Message;
use crate::pump::produce;
use std::pin::Pin;
use std::task::{Context, Poll};
use wasmtime::StoreContextMut;
use wasmtime::component::{
    Destination, Source, StreamConsumer, StreamProducer, StreamResult, VecBuffer,
};

/// Guest to socket: a message is taken when there is room for it.
pub(super) struct Outgoing(pub(super) Sender);

impl<D> StreamConsumer<D> for Outgoing {
    type Item = Message;

    fn poll_consume(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        mut store: StoreContextMut<D>,
        mut source: Source<'_, Message>,
        finish: bool,
    ) -> Poll<wasmtime::Result<StreamResult>> {
        let mut taken = false;
        loop {
            match self.0.poll_room(context) {
                Poll::Ready(Ok(())) => {}
                Poll::Ready(Err(_)) => return Poll::Ready(Ok(StreamResult::Dropped)),
                Poll::Pending if taken => return Poll::Ready(Ok(StreamResult::Completed)),
                Poll::Pending if finish => return Poll::Ready(Ok(StreamResult::Cancelled)),
                Poll::Pending => return Poll::Pending,
            }
            let mut slot: Option<Message> = None;
            source.read(&mut store, &mut slot)?;
            let Some(message) = slot else {
                return Poll::Ready(Ok(StreamResult::Completed));
            };
            self.0.push(message);
            taken = true;
        }
    }
}

/// Socket to guest: a message is handed over when the guest asks for it.
pub(super) struct Incoming(pub(super) Receiver);

impl<D> StreamProducer<D> for Incoming {
    type Item = Message;
    type Buffer = VecBuffer<Message>;

    fn poll_produce<'a>(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        store: StoreContextMut<'a, D>,
        destination: Destination<'a, Message, VecBuffer<Message>>,
        finish: bool,
    ) -> Poll<wasmtime::Result<StreamResult>> {
        produce(context, store, destination, finish, |context| {
            self.0.poll_next(context)
        })
    }
}
