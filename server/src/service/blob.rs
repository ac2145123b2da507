//! Blobs: stored by somebody who signs, read by whoever knows the name, deleted by who stored them or by time.

use bytes::Bytes;
use sealpost_wire::{
    api::blob::BlobStored,
    error::ErrorCode,
    id::{BlobId, UserId},
    limits::{BLOB_BYTES, BLOB_SECONDS},
};

use super::{Refusal, Service};
use crate::store::{Hash, hour_after};

pub use crate::blob::BlobContent as Download;

/// Blobs that one operation of the store deletes.
const AT_A_TIME: usize = 128;

impl Service {
    /// The same owner may store it again; another can't. The name is reserved first, so that no file is without its
    /// end.
    pub async fn put_blob(&self, id: UserId, name: BlobId, content: Bytes) -> Result<BlobStored, Refusal> {
        if content.is_empty() || content.len() > BLOB_BYTES {
            return Err(Refusal::new(ErrorCode::TooLarge, "blob: 1 byte to 32 MiB"));
        }
        self.check_disk(self.config.disk.uploads_bytes + content.len() as u64)?;
        let expires_at_seconds = hour_after(self.now() + BLOB_SECONDS);
        if !self.store.add_blob(name, self.owner_hash(id, &name), expires_at_seconds).await? {
            return Err(Refusal::new(ErrorCode::IdTaken, "draw another name"));
        }
        self.blobs.put(&name, content).await?;
        Ok(BlobStored { expires_at_seconds })
    }

    pub async fn read_blob(&self, name: BlobId) -> Result<Download, Refusal> {
        self.blobs.read(&name).await?.ok_or_else(|| Refusal::new(ErrorCode::NotFound, "no such blob"))
    }

    pub async fn delete_blob(&self, id: UserId, name: BlobId) -> Result<(), Refusal> {
        if !self.store.owns_blob(name, self.owner_hash(id, &name)).await? {
            return Err(Refusal::new(ErrorCode::NotFound, "no such blob of this account"));
        }
        self.remove_blobs(vec![name]).await
    }

    /// Deletes those whose time is over; how many they were.
    pub async fn delete_expired_blobs(&self) -> Result<usize, Refusal> {
        let names = self.store.expired_blobs(self.now()).await?;
        let count = names.len();
        self.remove_blobs(names).await?;
        Ok(count)
    }

    /// All that an account has stored. The database alone does not say which those are: each is asked for.
    pub(super) async fn blobs_of(&self, id: UserId) -> Result<Vec<BlobId>, Refusal> {
        let (mut own, mut after) = (Vec::new(), None);
        loop {
            let page = self.store.blobs_after(after).await?;
            let Some((last, _)) = page.last() else { return Ok(own) };
            after = Some(*last);
            let is_own = |(name, owner): &(BlobId, Hash)| self.owner_hash(id, name) == *owner;
            own.extend(page.into_iter().filter(is_own).map(|(name, _)| name));
        }
    }

    /// A bounded number at a time: the writer has others to serve.
    pub(super) async fn delete_blobs_of(&self, id: UserId) -> Result<(), Refusal> {
        for names in self.blobs_of(id).await?.chunks(AT_A_TIME) {
            self.remove_blobs(names.to_vec()).await?;
        }
        Ok(())
    }

    /// The files first: a row without its file is only deleted again.
    async fn remove_blobs(&self, names: Vec<BlobId>) -> Result<(), Refusal> {
        for name in &names {
            self.blobs.delete(name).await?;
        }
        Ok(self.store.remove_blobs(names).await?)
    }

    /// So that the database alone does not say whose blob it is.
    fn owner_hash(&self, id: UserId, name: &BlobId) -> Hash {
        self.keys.hash.hash("blob owner", &[&id.to_bytes(), &name.0])
    }
}
