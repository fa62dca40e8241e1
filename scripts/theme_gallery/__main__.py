"""``python -m scripts.theme_gallery``: write the site's page of themes."""

from __future__ import annotations

from scripts.theme_gallery import FOLDER, build


def main() -> None:
    """Write every file of the page, and name it."""
    for name, text in build().items():
        (FOLDER / name).write_text(text, "utf-8")
        print(FOLDER / name)


if __name__ == "__main__":
    main()
