"""Other packages at the same task, one script each, which need `serve.py` but not gokit."""
