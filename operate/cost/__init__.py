"""What a run costs on AWS: prices as data, formulas as functions, one line per thing that is billed."""
