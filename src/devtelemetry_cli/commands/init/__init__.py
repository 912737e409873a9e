"""What `devtel init` needs: what the repository proposes, the text of `.devtel.toml`, and a look at the report URL.

proposals.py     the repository's root, its name and its default branch, as far as git tells
project_file.py  answers -> a commented `.devtel.toml`
endpoint.py      whether the report URL leads anywhere: read-only calls, advice, never a failure
"""
