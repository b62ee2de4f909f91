//! Short questions to an engine, for those who show what it does.

use std::sync::Arc;

use evervip_model::{Instance, State};

use crate::{Engine, RouterId};

impl Engine {
    /// Every instance and its state, in configuration order.
    #[must_use]
    pub fn states(&self) -> Vec<(Arc<Instance>, State)> {
        let routers = self.routers.iter();
        routers
            .map(|(_, router)| (Arc::clone(&router.spec), router.state))
            .collect()
    }

    /// The router of an instance.
    #[must_use]
    pub fn router_named(&self, name: &str) -> Option<RouterId> {
        let mut routers = self.routers.iter();
        let named = routers.find(|(_, router)| *router.spec.name == *name);
        named.map(|(id, _)| id)
    }
}
