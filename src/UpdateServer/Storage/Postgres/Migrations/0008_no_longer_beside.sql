-- A server of schema 4 does not notice that a newer program has ruled it out while it runs, so that none may run beside this one. And where a name was given to a product, or a member
-- let go, before programs that take either for something else were ruled out by that, they are now.
UPDATE fota_schema SET oldest_program = greatest(
  oldest_program,
  5,
  CASE WHEN EXISTS (SELECT 1 FROM device_traits WHERE product IS NOT NULL) THEN 6 END,
  CASE WHEN EXISTS (SELECT 1 FROM rollout_members WHERE has_left <> 0) THEN 8 END);
