"""`python -m roomcast`, which is how the server starts its children."""

from roomcast.cli import main

main()
