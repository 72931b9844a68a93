"""Benchmarks: gokit and other packages taking turns in one run, so that ratios mean something."""
