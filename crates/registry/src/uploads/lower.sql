-- Notes that the upload ($1), of which $2 bytes were reserved, reserves $3.
UPDATE registry.upload SET reserved = $3 WHERE id = $1 AND reserved = $2
