"""Games of an engine against itself: played in parallel, never twice, kept in zipped SGF."""
