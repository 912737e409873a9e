"""`devtel devlake monitor`: checks, state and metrics."""
