"""The actors: the kernel they share (`mailbox`, `actor`), and the product's own, one a file."""
