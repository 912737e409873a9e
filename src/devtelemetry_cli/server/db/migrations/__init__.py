"""How the tables came to be what they are: one module per version under versions/, run by schema.py.

A migration may be cut short where the database commits each statement by itself (MySQL, MariaDB), and it meets
databases that the plugin or a devtel without migrations made: each step first looks whether it is done.
Migrations only add: a server of the version before goes on working beside one that has migrated.
"""
