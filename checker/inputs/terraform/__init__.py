"""What `terraform show -json` prints of a plan or a state, read as declarations."""
