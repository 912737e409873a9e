"""The parts of `devtelemetry_cli.consent`.

terms       what an agreement is about: organisation, purpose, address, scope, every field; its hash
notice      the text about them
decisions   the decisions in the user config
withdrawal  deleting records and queueing erasures
terminal    whether a person can be asked (light: every run asks it)
question    the question with its notice, and the steps after a yes
prompt      reading an answer at a terminal
ask_limit   how often a person may be asked
"""
