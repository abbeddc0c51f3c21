# Every target is one call of `python -m labkit`, so that without make the same works as written here.
PYTHON ?= python3
ARGS ?=

.DEFAULT_GOAL := help
.PHONY: help book quick pdf submission test soak data lock clean

help:  ## what can be asked for
	@$(PYTHON) -m labkit --help

book:  ## set up, get the data, render HTML and PDF
	@$(PYTHON) -m labkit book $(ARGS)

quick:  ## the same on less data and small grids
	@$(PYTHON) -m labkit book --profile quick $(ARGS)

pdf:  ## the PDF only
	@$(PYTHON) -m labkit book --pdf-only $(ARGS)

submission:  ## the book with its notebooks and results in one zip, to hand in
	@$(PYTHON) -m labkit submission $(ARGS)

test:  ## set up, run the tests; ARGS go to pytest
	@$(PYTHON) -m labkit test $(ARGS)

soak:  ## set up, run the tests that take hours; ARGS go to pytest
	@$(PYTHON) -m labkit soak $(ARGS)

data:  ## find or fetch the data and show what was found
	@$(PYTHON) -m labkit data $(ARGS)

lock:  ## make requirements.lock anew from requirements.txt
	@$(PYTHON) -m labkit lock $(ARGS)

clean:  ## remove what rendering and testing made
	@$(PYTHON) -m labkit clean
