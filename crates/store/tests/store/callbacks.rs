//! Callers who are to be called back, as they are asked for.

use crate::{journal, on_both, project, story};
use tandem_types::{
    Wall,
    journal::{CallbackEnd, CallbackTry, CallbackWish, What},
};

fn wish(n: u128) -> CallbackWish {
    CallbackWish {
        callback: "head/billing".to_owned(),
        number: format!("+44163296000{n}"),
        name: (n == 1).then(|| "Ann".to_owned()),
        called: "+442079460100".to_owned(),
        via: "carrier".to_owned(),
        since: Wall(77),
        headline: "They want a refund.".to_owned(),
        detail: String::new(),
    }
}

#[tokio::test]
async fn who_is_to_be_called_back_is_known_until_it_is_over() {
    on_both("callbacks", async |store| {
        let dir = tempfile::tempdir().unwrap();
        let mut all = Vec::new();
        for n in [1, 2] {
            let wish = Box::new(wish(n));
            let asks = vec![What::CallbackAsked { wish }];
            all.extend(story::number(n, [story::opening(n), asks].concat()));
        }
        let callback = story::call(2);
        let (how, ms) = (CallbackTry::Spoke, 9000);
        let tries = vec![
            What::CallbackDialled { callback },
            What::CallbackTried {
                callback,
                how: CallbackTry::NotReached,
                ms: 0,
            },
            What::CallbackDialled { callback },
            What::CallbackTried { callback, how, ms },
        ];
        all.extend(story::number(3, [story::opening(3), tries].concat()));
        let (end, by) = (CallbackEnd::Done, "gateway".to_owned());
        let over = What::CallbackEnded { callback, end, by };
        all.extend(story::number(4, vec![over]));
        journal(dir.path(), &all);
        project(dir.path(), &store).await;

        let rows = store.callbacks(Wall(i64::MAX)).await.unwrap();
        let [row] = &rows[..] else { panic!("{rows:?}") };
        assert_eq!((row.callback, row.tries), (story::call(1), 0));
        assert_eq!((row.ms, row.dialled, row.ended), (0, None, None));
        assert_eq!(CallbackWish::from(row.wish.clone()), wish(1));
        let rows = store.callbacks(Wall(0)).await.unwrap();
        assert_eq!(rows.len(), 2);
        let row = &rows[1];
        assert_eq!((row.tries, row.ms), (2, 9000));
        assert!(row.dialled.is_some() && row.ended.is_some());
        assert_eq!(row.outcome.as_deref(), Some("done"));
        assert_eq!(row.ended_by.as_deref(), Some("gateway"));
    })
    .await;
}
