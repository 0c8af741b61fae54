"""`claims`: FHIR claims from files of JSON lists into a table, then a decision on each by rule."""
