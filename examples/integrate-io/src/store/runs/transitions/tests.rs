//! What callers and the worker do to the same run.

use integrate_io_tools::{Run, RunStatus};

use super::{Ended, NewRun};
use crate::store::{
    Stores,
    fixture::{self, MINE, THEIRS},
    runs,
};

async fn create(stores: &Stores, account: &str) -> i64 {
    let package_id = if account == MINE { 8101 } else { 8103 };
    let new = NewRun { package_id, ..NewRun::default() };
    stores.write.create_run(account, "a test", &new).await.unwrap().id
}

async fn get(stores: &Stores, run: i64) -> Run {
    runs::load(&mut stores.read.snapshot().await.unwrap(), MINE, run).await.unwrap()
}

#[tokio::test]
async fn what_comes_late_of_a_cancelled_run_changes_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let stores = fixture::stores(folder.path()).await;
    for late in [Ended::Completed, Ended::Failed("late".to_owned()), Ended::Interrupted] {
        let run = create(&stores, MINE).await;
        let claim = stores.write.claim_run().await.unwrap().unwrap();
        assert!(stores.write.is_wanted(&claim).await.unwrap());
        let (cancelled, _) = stores.write.cancel_run(MINE, "a test", run).await.unwrap();
        assert!(!stores.write.is_wanted(&claim).await.unwrap());

        assert!(!stores.write.end_run(&claim, &late).await.unwrap(), "{late:?}");
        stores.write.keep_variables(&claim, &[("threshold".to_owned(), "7".to_owned())].into()).await.unwrap();
        assert_eq!(get(&stores, run).await, cancelled, "{late:?}");
        let variables = runs::variables(&mut stores.read.snapshot().await.unwrap(), &cancelled).await.unwrap();
        assert_eq!(variables["threshold"], "1000");
    }
    assert_eq!(stores.write.end_interrupted_runs().await.unwrap(), 0);
}

#[tokio::test]
async fn runs_start_in_their_order_but_no_account_waits_for_all_of_another() {
    let folder = tempfile::tempdir().unwrap();
    let stores = fixture::stores(folder.path()).await;
    let mine = [create(&stores, MINE).await, create(&stores, MINE).await, create(&stores, MINE).await];
    let theirs = create(&stores, THEIRS).await;
    let mut started = Vec::new();
    while let Some(claim) = stores.write.claim_run().await.unwrap() {
        started.push(claim.run_id);
    }
    assert_eq!(started, [mine[0], theirs, mine[1], mine[2]]);
    // What a killed server left running is over, once.
    assert_eq!(stores.write.end_interrupted_runs().await.unwrap(), 4);
    assert_eq!(stores.write.end_interrupted_runs().await.unwrap(), 0);
    let run = get(&stores, mine[0]).await;
    assert_eq!((run.status, run.last_error.as_deref()), (RunStatus::Failed, Some("the server stopped while it ran")));
    assert!(stores.write.claim_run().await.unwrap().is_none());
}
