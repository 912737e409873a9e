"""`devtel init`: defaults from the repository, the text of `.devtel.toml`, and a check of the report URL.

defaults.py       root, project name and default branch of the repository, from git
project_file.py   answers -> a commented `.devtel.toml`
endpoint.py       read-only requests to the report URL; the result is advice, never a failure
"""
