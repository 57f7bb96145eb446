-- Those that the store does not have any more.
DELETE FROM registry.upload WHERE at <= $1 AND id <> ALL ($2::uuid[])
