//! The name service: the switch's questions, each answered when it is.

use crate::{places::ShardHandle, shard::ToShard};
use std::sync::Arc;
use tandem_call::Input;
use tandem_net::NameService;
use tandem_types::dns::Question;
use tokio::{sync::mpsc, task::JoinSet};

/// Questions that may wait: an office's trunks have a few names with a few records each.
const QUEUE: usize = 256;
/// Questions that are out at once.
const AT_ONCE: usize = 32;

/// Answers questions until nobody can ask any more.
pub(super) fn look_up(
    service: Arc<NameService>,
    shard: ShardHandle,
    tasks: &mut JoinSet<()>,
) -> mpsc::Sender<Question> {
    let (ask, mut asked) = mpsc::channel::<Question>(QUEUE);
    tasks.spawn(async move {
        let mut open = JoinSet::new();
        loop {
            tokio::select! {
                question = asked.recv(), if open.len() < AT_ONCE => {
                    let Some(question) = question else { return };
                    let service = service.clone();
                    open.spawn(async move { (service.answer(&question).await, question) });
                }
                Some(answered) = open.join_next() => {
                    let Ok((answer, question)) = answered else { continue };
                    // Refused by a full queue, it is asked again.
                    shard.wish(ToShard::Input(Input::Named { question, answer }));
                }
            }
        }
    });
    ask
}
