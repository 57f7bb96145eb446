//! Pools of connections that keep to an address's limits. A pool gives out no connection that is as old as one of which the
//! server was found to be silent.

use deadpool_postgres::{Connect, Hook, HookError, Manager, ManagerConfig, Pool, RecyclingMethod, Runtime};
use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use tokio::runtime::Handle;
use tokio::task::JoinHandle;
use tokio_postgres::{Client, Config, Error};

use crate::address::Address;
use crate::limits::{POOL_CREATE, POOL_WAIT};
use crate::watched::Silence;

/// Makes the connections of one pool.
struct Opener {
    address: Address,
    silence: Silence,
    runtime: Option<Handle>,
}

impl Address {
    /// Its connections are driven by the runtimes of those who make them.
    pub fn pool(&self, size: usize) -> Pool {
        self.pool_of(size, None)
    }

    /// As `pool`, for those whose own runtimes may end before the connections.
    pub fn pool_on(&self, size: usize, runtime: Handle) -> Pool {
        self.pool_of(size, Some(runtime))
    }

    fn pool_of(&self, size: usize, runtime: Option<Handle>) -> Pool {
        let silence = Silence::default();
        let opener = Opener { address: self.clone(), silence: silence.clone(), runtime };
        let settings = ManagerConfig { recycling_method: RecyclingMethod::Fast };
        let manager = Manager::from_connect(self.config().clone(), opener, settings);
        let trusted = Hook::sync_fn(move |_, metrics| match silence.is_after(metrics.created) {
            true => Err(HookError::message("the server went silent after it was made")),
            false => Ok(()),
        });
        Pool::builder(manager)
            .max_size(size)
            .runtime(Runtime::Tokio1)
            .wait_timeout(Some(POOL_WAIT))
            .create_timeout(Some(POOL_CREATE))
            .recycle_timeout(Some(POOL_WAIT))
            .pre_recycle(trusted)
            .build()
            .expect("a pool with a runtime is complete")
    }
}

impl Connect for Opener {
    fn connect(&self, _config: &Config) -> BoxFuture<'_, Result<(Client, JoinHandle<()>), Error>> {
        async move {
            let (client, connection) = self.address.open_watched(&self.silence).await?;
            let drive = async move {
                if let Err(error) = connection.await {
                    tracing::warn!(%error, source = ?std::error::Error::source(&error), "a connection to the database ended");
                }
            };
            let driven = match &self.runtime {
                Some(runtime) => runtime.spawn(drive),
                None => tokio::spawn(drive),
            };
            Ok((client, driven))
        }
        .boxed()
    }
}
