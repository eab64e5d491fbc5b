"""The chat itself, as plain functions and frozen classes: no trio, no sockets, no database."""
