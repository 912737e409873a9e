DEFAULT_SERVICES ?= lms+studio
COMPOSE = docker-compose -p devstack
.PHONY: selfcheck
selfcheck: ; @echo options are fine
