//! The worker, with tasks that wait at a gate.

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex},
};

use tokio::sync::{Notify, Semaphore, watch};

use super::*;

/// What is known of tasks, by number: what was told of them, and which are wanted no more.
#[derive(Debug, Default)]
struct Kept {
    queue: VecDeque<u32>,
    left: u64,
    unwanted: Vec<u32>,
    faults: usize,
    concluded: Vec<(u32, &'static str)>,
}

/// Tasks that wait at a gate. The thirteenth panics.
#[derive(Debug, Clone)]
struct Tasks {
    kept: Arc<Mutex<Kept>>,
    queued: Arc<Notify>,
    gate: Arc<Semaphore>,
    /// How many are at the gate, and how many were concluded.
    at: Arc<watch::Sender<(usize, usize)>>,
}

impl Tasks {
    fn new(tasks: impl IntoIterator<Item = u32>) -> Self {
        let kept = Kept { queue: tasks.into_iter().collect(), ..Kept::default() };
        Self {
            kept: Arc::new(Mutex::new(kept)),
            queued: Arc::default(),
            gate: Arc::new(Semaphore::new(0)),
            at: Arc::default(),
        }
    }

    fn kept<T>(&self, look: impl FnOnce(&mut Kept) -> T) -> T {
        look(&mut self.kept.lock().unwrap())
    }

    async fn until(&self, such: impl FnMut(&(usize, usize)) -> bool) {
        let mut at = self.at.subscribe();
        let patience = Duration::from_secs(30);
        timeout(patience, at.wait_for(such)).await.expect("it never comes to that").expect("the tasks");
    }

    /// What was concluded, by task.
    fn concluded(&self) -> Vec<(u32, &'static str)> {
        self.kept(|kept| {
            kept.concluded.sort_unstable();
            kept.concluded.clone()
        })
    }

    /// Has them worked on, two at a time, while `story` goes on.
    async fn while_worked_on(&self, story: impl AsyncFnOnce()) {
        let (worker, shutdown) = (Worker::new(self.clone(), NonZeroUsize::new(2).unwrap()), CancellationToken::new());
        let working = tokio::spawn({
            let shutdown = shutdown.clone();
            async move { worker.run(&shutdown).await }
        });
        story().await;
        shutdown.cancel();
        working.await.unwrap();
    }
}

/// Counts who is at the gate, also when that is given up.
struct Waiting<'a>(&'a Tasks);

impl<'a> Waiting<'a> {
    fn new(tasks: &'a Tasks) -> Self {
        tasks.at.send_modify(|at| at.0 += 1);
        Self(tasks)
    }
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.0.at.send_modify(|at| at.0 -= 1);
    }
}

impl Work for Tasks {
    type Claim = u32;
    type Outcome = &'static str;
    type Error = &'static str;

    const INTERRUPTED: &'static str = "interrupted";

    fn panicked() -> &'static str {
        "panicked"
    }

    async fn recover(&self) -> Result<u64, &'static str> {
        Ok(self.kept(|kept| {
            let tasks = std::mem::take(&mut kept.left);
            kept.queue.extend((0..tasks).map(|_| 99));
            tasks
        }))
    }

    async fn claim(&self) -> Result<Option<u32>, &'static str> {
        Ok(self.kept(|kept| kept.queue.pop_front()))
    }

    async fn next_due(&self) -> Result<Option<Duration>, &'static str> {
        Ok(None)
    }

    async fn queued(&self) {
        self.queued.notified().await;
    }

    async fn is_wanted(&self, task: &u32) -> Result<bool, &'static str> {
        Ok(self.kept(|kept| !kept.unwanted.contains(task)))
    }

    async fn attempt(&self, task: &u32) -> &'static str {
        assert_ne!(*task, 13, "bad luck");
        let _waiting = Waiting::new(self);
        self.gate.acquire().await.unwrap().forget();
        "done"
    }

    async fn conclude(&self, task: &u32, outcome: &&'static str) -> Result<bool, &'static str> {
        self.kept(|kept| {
            if kept.faults > 0 {
                kept.faults -= 1;
                return Err("the disk is full");
            }
            kept.concluded.push((*task, outcome));
            Ok(())
        })?;
        self.at.send_modify(|at| at.1 += 1);
        Ok(true)
    }
}

#[tokio::test]
async fn so_many_are_done_at_a_time_and_all_of_them_once() {
    let tasks = Tasks::new(1..=5);
    tasks
        .while_worked_on(async || {
            tasks.until(|at| at.0 == 2).await;
            assert_eq!(tasks.kept(|kept| kept.queue.len()), 3);
            tasks.gate.add_permits(1);
            tasks.until(|at| *at == (2, 1)).await;
            assert_eq!(tasks.kept(|kept| kept.queue.len()), 2);
            tasks.gate.add_permits(4);
            tasks.until(|at| at.1 == 5).await;
        })
        .await;
    assert_eq!(tasks.concluded(), [(1, "done"), (2, "done"), (3, "done"), (4, "done"), (5, "done")]);
}

#[tokio::test]
async fn what_is_queued_later_wakes_the_worker() {
    let tasks = Tasks::new([]);
    tasks.gate.add_permits(1);
    tasks
        .while_worked_on(async || {
            tasks.kept(|kept| kept.queue.push_back(1));
            tasks.queued.notify_one();
            tasks.until(|at| at.1 == 1).await;
        })
        .await;
}

#[tokio::test]
async fn a_task_that_panics_is_concluded_and_the_worker_goes_on() {
    let tasks = Tasks::new([13, 14]);
    tasks.gate.add_permits(1);
    tasks.while_worked_on(async || tasks.until(|at| at.1 == 2).await).await;
    assert_eq!(tasks.concluded(), [(13, "panicked"), (14, "done")]);
}

#[tokio::test]
async fn what_is_wanted_no_more_is_stopped_and_not_concluded() {
    let tasks = Tasks::new([1, 2]);
    tasks
        .while_worked_on(async || {
            tasks.until(|at| at.0 == 2).await;
            tasks.kept(|kept| kept.unwanted.push(1));
            tasks.queued.notify_one();
            tasks.until(|at| at.0 == 1).await;
            tasks.gate.add_permits(2);
            tasks.until(|at| *at == (0, 1)).await;
        })
        .await;
    assert_eq!(tasks.concluded(), [(2, "done")]);
}

#[tokio::test]
async fn an_outcome_is_told_again_until_the_store_takes_it() {
    let tasks = Tasks::new([1]);
    tasks.kept(|kept| kept.faults = 1);
    tasks.gate.add_permits(1);
    tasks.while_worked_on(async || tasks.until(|at| at.1 == 1).await).await;
    assert_eq!(tasks.concluded(), [(1, "done")]);
}

#[tokio::test]
async fn what_a_killed_server_left_is_done() {
    let tasks = Tasks::new([]);
    tasks.kept(|kept| kept.left = 1);
    tasks.gate.add_permits(1);
    tasks.while_worked_on(async || tasks.until(|at| at.1 == 1).await).await;
    assert_eq!(tasks.concluded(), [(99, "done")]);
}

#[tokio::test]
async fn a_stop_lets_nothing_begin_and_puts_back_what_does_not_end() {
    let tasks = Tasks::new(1..=3);
    tasks.while_worked_on(async || tasks.until(|at| at.0 == 2).await).await;
    assert_eq!(tasks.concluded(), [(1, "interrupted"), (2, "interrupted")]);
    assert_eq!(tasks.kept(|kept| kept.queue.len()), 1);
}
