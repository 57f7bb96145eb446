-- What a repository holds, in bytes, is the sum of its links. Of those that were made before, the next collection looks it up.
ALTER TABLE registry.blob_link ADD COLUMN size bigint;
