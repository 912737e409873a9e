"""After an agreement: take the token and install the daily schedule, as far as they are missing."""

import sys
from contextlib import nullcontext

from devtelemetry_cli.client import tokens
from devtelemetry_cli.client.consent import prompt
from devtelemetry_cli.client.context import Context
from devtelemetry_cli.client.destination import Destination
from devtelemetry_cli.commands import delivery_setup, probe
from devtelemetry_cli.commands.schedule import backends
from devtelemetry_cli.errors import DevtelError, of_file


def set_up(context: Context, destination: Destination, *, ask: bool) -> None:
    """Take the token and offer the schedule, as far as either is missing; without a terminal, name the command.

    Neither fault ends the other, nor the consent. Ctrl-C means "later", and does not end a make that waits for this.
    """
    with prompt.raw_keys() if ask else nullcontext():
        for step in (_take_token, _offer_schedule):
            try:
                step(context, destination, ask=ask)
            except (DevtelError, OSError) as fault:
                prompt.tell(f"devtel: {of_file(fault) if isinstance(fault, OSError) else fault}")


def _take_token(context: Context, destination: Destination, *, ask: bool) -> None:
    if not ask or not delivery_setup.needs_token(context, destination):
        return
    text = prompt.secret(f"Token for {destination.host} (Enter: later)")
    if text:
        tokens.keep(context.config, destination.key, text)
        is_refused = probe.accepts_reports(destination.url, text) is False
        prompt.tell(f"The token is stored{', but the endpoint refuses it' if is_refused else ''}.")
    else:
        prompt.tell("`devtel token set` stores it later.")


def _offer_schedule(context: Context, _destination: Destination, *, ask: bool) -> None:
    proposed = delivery_setup.proposed_schedule(context, sys.argv[0])
    if proposed is None:
        return
    if not ask or not prompt.confirm(f"Send a report {proposed.when}?"):
        how = " --with background" if proposed.scheduler == "background" else ""
        prompt.tell(f"devtel: no schedule sends your reports yet: `devtel schedule install{how}` does, once a day.")
        return
    backends.install(context.environ, proposed.job, proposed.scheduler)
    for sentence in proposed.job.left_out:
        prompt.tell(f"devtel: {sentence}")
    prompt.tell(f"Installed: {proposed.when}. `devtel schedule remove` removes it.")
