"""`python -m fill FOLDER`: store the recorded figures through the plugin in the database of the environment."""

import sys
import threading
from pathlib import Path

from sqlmodel import Session

from devtel.models import Project, scope_id
from harness import Lake, Server


def main(folder: Path) -> None:
    """Run the three steps of one project, and add the scope as DevLake does."""
    with Server() as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        lake = Lake(folder, server)
        lake.run()
        with Session(lake.engine) as session:
            session.add(Project(connection_id=1, id=scope_id("shop"), name="shop", project="shop"))
            session.commit()
        server.shutdown()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
