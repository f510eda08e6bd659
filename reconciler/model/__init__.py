"""Frozen values that every other room speaks in; nothing here does I/O or imports another room."""
