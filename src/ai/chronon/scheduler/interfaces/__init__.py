"""What schedulers are given."""
