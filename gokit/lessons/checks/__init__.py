"""The exercises of each chapter: chNN.py holds `EXERCISES`, a list of `gokit.lessons.Exercise`."""
