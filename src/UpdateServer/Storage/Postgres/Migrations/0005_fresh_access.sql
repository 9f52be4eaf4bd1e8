-- Changes of who is shut out are counted, so that a server finds out by one number that it missed one. The trigger counts for whatever program makes the change: an older one
-- beside this one does not know the column.
ALTER TABLE access ADD COLUMN revocations bigint NOT NULL DEFAULT 0;
CREATE FUNCTION count_revocation_change() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN UPDATE access SET revocations = revocations + 1; RETURN NULL; END $$;
CREATE TRIGGER device_revocations_are_counted AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON device_revocations FOR EACH STATEMENT EXECUTE FUNCTION count_revocation_change();
