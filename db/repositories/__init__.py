"""Every query, one file an aggregate. A repository works inside the transaction it is given."""
