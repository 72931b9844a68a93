"""Checking a corpus: hashes, every game replayed, repeats counted, and what the games are like."""
