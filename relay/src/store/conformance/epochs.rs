//! Runs of a relay that owns its store.

use super::{Engine, world::World};
use crate::store::Upkeep as _;

pub(crate) async fn a_restart_is_a_new_epoch<E: Engine>() {
    let mut world = World::<E>::new().await;
    let mut epochs = vec![world.store.epoch()];
    for _ in 0..3 {
        world = world.reopen().await;
        let epoch = world.store.epoch();
        assert!(!epochs.contains(&epoch));
        epochs.push(epoch);
    }
}
