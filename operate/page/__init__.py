"""Self-contained HTML pages about runs and sweeps: one file each, which loads nothing from anywhere."""
