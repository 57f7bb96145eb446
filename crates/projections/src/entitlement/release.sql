SELECT asked FROM release_asked WHERE organization = $1 AND id = $2
