# The commands of the course; `make help` lists them. Without make: python3 tools/setup.py COMMAND.

PYTHON ?= python3
setup = @command -v $(PYTHON) >/dev/null 2>&1 || { \
	echo "There is no $(PYTHON) here: install Python 3.11 or newer from python.org, or name the one that you have, for example \`make lab PYTHON=python3.12\`." >&2; \
	exit 1; }; exec $(PYTHON) tools/setup.py
torch = $(if $(TORCH),--torch '$(TORCH)')
to = $(if $(TO),--to '$(TO)')
lesson = $(if $(LESSON),'$(LESSON)')

.PHONY: help lab reset test notebooks check-notebooks experiments bench classroom misses site links test-lowest test-gpu

help: ## list the commands
	@sed -n 's/^\([a-z-]*\): .*## /\1	/p' Makefile | while IFS='	' read -r name words; do \
		printf '  make %-16s %s\n' "$$name" "$$words"; done

lab: ## open the course in JupyterLab (PORT=8899, TORCH=cpu, LAB_ARGS="--no-browser")
	$(setup) lab $(torch) $(if $(PORT),--port '$(PORT)') $(LAB_ARGS)

reset: ## put a fresh copy of a lesson in workbook/ and keep yours in backups/ (LESSON=04)
	$(setup) reset $(lesson)

test: ## run everything that is checked, or what one lesson needs (LESSON=04)
	$(setup) test $(torch) $(lesson)

notebooks: ## build the notebooks that are stale, or those of LESSON=04
	$(setup) notebooks $(torch) $(lesson)

check-notebooks: ## name the notebooks that are stale; nothing is executed
	$(setup) check-notebooks $(torch)

experiments: ## rerun the experiments whose script has changed; some take long
	$(setup) experiments $(torch)

bench: ## measure speed beside torch's own optimizers and loops, and write docs/speed.md
	$(setup) bench $(torch)

classroom: ## export lessons as a course for nbgrader (LESSONS="01 04", TIER=scaffold, TO=folder)
	$(setup) classroom $(torch) $(LESSONS) $(if $(TIER),--tier '$(TIER)') $(to)

misses: ## gather the wrong answers of a class that no slip names (TO=folder)
	$(setup) misses $(torch) $(to)

site: ## build the web pages of the course in build/site
	$(setup) site $(torch)

links: ## check every link of the built pages (EXTERNAL=1: those to other sites, too)
	$(setup) links $(torch) $(if $(EXTERNAL),--external)

test-lowest: ## run the unit tests on the lowest versions of all packages that are promised
	$(setup) test-lowest $(torch)

test-gpu: ## run the unit tests and the lessons on a CUDA device
	$(setup) test-gpu $(torch)
