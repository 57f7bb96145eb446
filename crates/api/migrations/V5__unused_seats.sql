INSERT INTO ops.policy (name) VALUES ('unused_seats');
