-- Changes of who is shut out are counted, so that a server finds out by one number that it missed one. The trigger counts for whatever program makes the change: an older one
-- beside this one does not know the column.
ALTER TABLE access ADD COLUMN revocations bigint NOT NULL DEFAULT 0;
CREATE FUNCTION count_revocation_change() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN UPDATE access SET revocations = revocations + 1; RETURN NULL; END $$;
CREATE TRIGGER device_revocations_are_counted AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON device_revocations FOR EACH STATEMENT EXECUTE FUNCTION count_revocation_change();

-- Programs before schema 4 start here no more: one of schema 1 takes tokens that were revoked since, and people that were removed; what those of 1 to 3 change has no entry in the
-- server's log.
UPDATE fota_schema SET oldest_program = greatest(oldest_program, 4);
