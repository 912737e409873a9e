"""`devtel devlake sync`: options, plan and its execution."""
