"""What a compiler that failed meant, of the pages that it said."""

# What says only that something above it failed.
_FOLLOWS = ("error building", "ld returned", "ninja: build stopped")


def telling_line(text: str) -> str:
    """The line that says what was wrong, cut to a message's length; empty for empty text.

    nvcc and g++ write "error:", linkers "cannot find".
    """
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    for mark in ("error:", "fatal", "cannot find", "error"):
        for line in lines:
            if mark in line.lower() and not any(word in line.lower() for word in _FOLLOWS):
                return line[:300]
    return lines[0][:300] if lines else ""
