"""Telling other nodes: a port, and its adapters."""
