//! A stream written as a plain `async` block, without a task: the block runs when the stream is
//! polled, and dropping the stream drops the block with everything that it holds.

use futures_util::{Stream, future::BoxFuture};
use std::{
    future::Future,
    pin::Pin,
    task::{Context, Poll},
};
use tandem_types::provider::ProviderFault;
use tokio::sync::mpsc;

/// Where the block puts its items. One item is kept; `send` waits until it was taken, so a slow
/// consumer slows the block (and through it the server) instead of filling memory.
pub(crate) struct Sink<T>(mpsc::Sender<Result<T, ProviderFault>>);

impl<T> Sink<T> {
    pub(crate) async fn send(&self, item: T) {
        // The receiver lives beside the block in one struct: it cannot be gone while the block runs.
        let _ = self.0.send(Ok(item)).await;
    }
}

/// The stream of what `block` sends; where it returns a fault, that is the last item.
pub(crate) fn produce<T, F, B>(
    block: B,
) -> futures_util::stream::BoxStream<'static, Result<T, ProviderFault>>
where
    T: Send + 'static,
    F: Future<Output = Result<(), ProviderFault>> + Send + 'static,
    B: FnOnce(Sink<T>) -> F + Send + 'static,
{
    let (sender, receiver) = mpsc::channel(1);
    let block = async move {
        let last = sender.clone();
        if let Err(fault) = block(Sink(sender)).await {
            let _ = last.send(Err(fault)).await;
        }
    };
    Box::pin(Produced {
        block: Some(Box::pin(block)),
        receiver,
    })
}

struct Produced<T> {
    block: Option<BoxFuture<'static, ()>>,
    receiver: mpsc::Receiver<Result<T, ProviderFault>>,
}

impl<T> Stream for Produced<T> {
    type Item = Result<T, ProviderFault>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let this = &mut *self;
        if let Poll::Ready(Some(item)) = this.receiver.poll_recv(cx) {
            return Poll::Ready(Some(item));
        }
        if let Some(block) = &mut this.block
            && block.as_mut().poll(cx).is_ready()
        {
            this.block = None;
        }
        // Polled once more: this registers the waker for what the block sends, or ends the stream
        // (the senders went with the block).
        this.receiver.poll_recv(cx)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures_util::StreamExt;
    use std::sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    };

    #[tokio::test]
    async fn items_come_in_order_and_a_fault_is_the_last() {
        let stream = produce(|sink| async move {
            for n in 0..5 {
                sink.send(n).await;
            }
            Err(ProviderFault::Malformed)
        });
        let all: Vec<_> = stream.collect().await;
        assert_eq!(
            all,
            [
                Ok(0),
                Ok(1),
                Ok(2),
                Ok(3),
                Ok(4),
                Err(ProviderFault::Malformed)
            ]
        );
    }

    #[tokio::test]
    async fn dropping_the_stream_drops_the_block() {
        struct Flag(Arc<AtomicBool>);
        impl Drop for Flag {
            fn drop(&mut self) {
                self.0.store(true, Ordering::SeqCst);
            }
        }
        let dropped = Arc::new(AtomicBool::new(false));
        let flag = Flag(dropped.clone());
        let mut stream = produce(|sink| async move {
            let _flag = flag;
            sink.send(1).await;
            std::future::pending::<()>().await;
            Ok(())
        });
        assert_eq!(stream.next().await, Some(Ok(1)));
        assert!(!dropped.load(Ordering::SeqCst));
        drop(stream);
        assert!(dropped.load(Ordering::SeqCst));
    }

    #[tokio::test]
    async fn a_block_runs_no_further_than_one_item_ahead() {
        let made = Arc::new(AtomicUsize::new(0));
        let counter = made.clone();
        let mut stream = produce(move |sink| async move {
            loop {
                counter.fetch_add(1, Ordering::SeqCst);
                sink.send(()).await;
            }
        });
        stream.next().await;
        stream.next().await;
        assert!(made.load(Ordering::SeqCst) <= 4);
    }
}
