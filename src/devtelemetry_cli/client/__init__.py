"""What the wrapper, consent and sending stand on, on a developer's machine."""
