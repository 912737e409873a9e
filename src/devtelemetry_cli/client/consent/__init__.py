"""Whether anything may be recorded or sent: each person's own decision for each destination.

occasion  whether somebody is there to be asked, and whether it is time (light: every run asks it)
judge     settings + decisions -> the verdict for one place
notice    what is asked: who, why, what is sent; its hash
store     the decisions in the user config
decide    grant, local, decline, and what follows from each
prompt    the question at a terminal
question  the question at the end of a run
"""
