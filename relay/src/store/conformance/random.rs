//! An engine and the specification, side by side: the same operations at random,
//! the same outcomes.

use std::{env, ops::Range, sync::Arc};

use super::{
    Engine,
    laboratory::NOW,
    operation::{Choices, Operation},
    world::{Wakes, World},
};
use crate::store::{Maintenance as _, RelayTime, Store, memory::Memory};

const RUNS: u64 = 4;
const OPERATIONS: usize = 800;
/// After so many operations, all there is is compared.
const COMPARED_EACH: usize = 50;

/// The seeds, or the one in `MSG_TEST_SEED`.
pub(super) fn seeds() -> Range<u64> {
    let asked_for = env::var("MSG_TEST_SEED").ok();
    asked_for.map_or(0..RUNS, |text| {
        let seed = text.parse().expect("MSG_TEST_SEED is a number");
        seed..seed + 1
    })
}

pub(crate) async fn random_operations_do_what_they_do_in_memory<E: Engine>() {
    for seed in seeds() {
        eprintln!("MSG_TEST_SEED={seed}");
        let world = World::<E>::new().await;
        run(&*world.store, seed).await;
    }
}

async fn run<S: Store>(store: &S, seed: u64) {
    let model = Memory::new(Arc::new(Wakes::default())).unwrap();
    let mut choices = Choices::new(seed);
    let mut now = NOW;
    let mut operation = Operation::Figures;
    for number in 0..OPERATIONS {
        let pause = choices.pause_s();
        if pause > 0 {
            now = now.plus_s(pause);
            operation = Operation::Sweep;
        } else if !choices.again() {
            operation = choices.next(&model, now).await;
        }
        compare(store, &model, &operation, now, number).await;
        if number % COMPARED_EACH == 0 || number + 1 == OPERATIONS {
            for read in Operation::reads() {
                compare(store, &model, &read, now, number).await;
            }
            assert_eq!(store.check().await.unwrap().faults, Vec::<String>::new());
            assert_eq!(model.check().await.unwrap().faults, Vec::<String>::new());
        }
    }
}

pub(super) async fn compare<S: Store>(
    store: &S,
    model: &Memory,
    operation: &Operation,
    now: RelayTime,
    number: usize,
) {
    let (given, expected) = (operation.apply(store, now).await, operation.apply(model, now).await);
    assert_eq!(given, expected, "operation {number}, {operation:?}");
}
