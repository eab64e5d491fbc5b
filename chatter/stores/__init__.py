"""Where rooms keep their logs: one port (`port.Store`), and an adapter a database."""
