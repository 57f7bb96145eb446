SELECT reserved FROM registry.upload WHERE id = $1
