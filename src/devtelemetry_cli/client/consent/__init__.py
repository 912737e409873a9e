"""The parts of `devtelemetry_cli.consent`.

notice      the text of the question: organisation, purpose, address, every field that is sent; its hash
decisions   the decisions in the user config
withdrawal  deleting records and queueing erasures
terminal    whether a person can be asked (light: every run asks it)
prompt      the question at a terminal
ask_limit   how often a person may be asked
"""
