//! Encrypted blobs as files of the object store; names and ends stand in the database.

use std::{fs, io, path::Path};

use bytes::Bytes;
use futures_util::stream::BoxStream;
use object_store::{ObjectStore, ObjectStoreExt, local::LocalFileSystem, path::Path as ObjectPath};
use sealpost_wire::id::BlobId;
use std::sync::Arc;

/// A failure of the object store.
#[derive(Debug, thiserror::Error)]
pub enum BlobError {
    #[error("{0}")]
    Folder(#[from] io::Error),
    #[error("{0}")]
    Store(#[from] object_store::Error),
}

/// Where blobs lie.
#[derive(Clone)]
pub struct Blobs(Arc<dyn ObjectStore>);

/// A blob on its way out.
pub struct BlobContent {
    pub length: u64,
    pub content: BoxStream<'static, Result<Bytes, object_store::Error>>,
}

impl Blobs {
    pub fn open(folder: &Path) -> Result<Self, BlobError> {
        fs::create_dir_all(folder)?;
        Ok(Self(Arc::new(LocalFileSystem::new_with_prefix(folder)?.with_fsync(true))))
    }

    /// Forgotten with the process.
    #[cfg(feature = "memory")]
    pub fn in_memory() -> Self {
        Self(Arc::new(object_store::memory::InMemory::new()))
    }

    /// Durable when it answers.
    pub async fn put(&self, name: &BlobId, content: Bytes) -> Result<(), BlobError> {
        self.0.put(&place(name), content.into()).await?;
        Ok(())
    }

    /// `None`: there is no such blob.
    pub async fn read(&self, name: &BlobId) -> Result<Option<BlobContent>, BlobError> {
        match self.0.get(&place(name)).await {
            Ok(found) => Ok(Some(BlobContent { length: found.meta.size, content: found.into_stream() })),
            Err(object_store::Error::NotFound { .. }) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    /// One that is gone already counts as deleted.
    pub async fn delete(&self, name: &BlobId) -> Result<(), BlobError> {
        match self.0.delete(&place(name)).await {
            Ok(()) | Err(object_store::Error::NotFound { .. }) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }
}

fn place(name: &BlobId) -> ObjectPath {
    ObjectPath::from(data_encoding::HEXLOWER.encode(&name.0))
}
