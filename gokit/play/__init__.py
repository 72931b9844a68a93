"""A game against any player: on a local web page with the course's board, or in a terminal."""
