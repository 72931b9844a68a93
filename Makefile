# Every target sets up .venv by itself: `make learn` reads the course, `make test` runs every test.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
ARGS ?=
# JupyterLab refuses to start as root (a container, Colab's terminal) unless told.
ROOT := $(if $(filter 0,$(shell id -u)),--allow-root)

.PHONY: learn test course verify bench clean

# The course needs no network, so JupyterLab is told not to ask about its news.
$(VENV)/.learn: requirements.txt pyproject.toml
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable ".[learn]"
	$(BIN)/jupyter labextension disable --level=sys_prefix \
	    "@jupyterlab/apputils-extension:announcements" >/dev/null 2>&1 || true
	touch $@

$(VENV)/.tests: requirements.txt pyproject.toml
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable ".[learn,tests]"
	touch $@

learn: $(VENV)/.learn
	$(BIN)/jupyter lab chapters/00_start_here.ipynb --ServerApp.root_dir="$(CURDIR)" $(ROOT) $(ARGS)

# GOKIT_FAST makes every chapter fit, GOKIT_STATIC draws boards.
test: $(VENV)/.tests
	env -u MPLBACKEND GOKIT_FAST=1 GOKIT_STATIC=1 $(BIN)/python -m pytest $(ARGS)

course: $(VENV)/.tests
	$(BIN)/python -m gokit.lessons.build $(ARGS)

verify: $(VENV)/.tests
	$(BIN)/python -m gokit.lessons.build --check

bench: $(VENV)/.tests
	$(BIN)/python -m gokit bench all $(ARGS)

clean:
	rm -rf $(VENV) build dist *.egg-info
