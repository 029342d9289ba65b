"""`python -m roomcast`, which is how the server starts its children."""

import os

from roomcast.parent import end_with_parent

# Before everything is imported, which takes a second in which the parent may die.
end_with_parent(os.environ)

from roomcast.cli import main  # noqa: E402

main()
