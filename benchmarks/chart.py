"""A bar chart in SVG that reads well on light and dark pages."""

from xml.sax.saxutils import escape

BAR_HEIGHT, GAP, LABEL_WIDTH, PLOT_WIDTH = 22, 8, 130, 420


def bar_chart(title: str, values: dict[str, float]) -> str:
    """Return a chart with a horizontal bar for each value; ours are coloured, the others grey."""
    scale = PLOT_WIDTH / max(values.values())
    height = 40 + len(values) * (BAR_HEIGHT + GAP)
    rows = []
    for row, (name, value) in enumerate(values.items()):
        y = 36 + row * (BAR_HEIGHT + GAP)
        colour = "#2f81f7" if name.startswith("ours") else "#8c959f"
        rows.append(
            f'<text x="{LABEL_WIDTH - 8}" y="{y + 16}" text-anchor="end">{escape(name)}</text>'
            f'<rect x="{LABEL_WIDTH}" y="{y}" width="{value * scale:.0f}" height="{BAR_HEIGHT}" fill="{colour}"/>'
            f'<text x="{LABEL_WIDTH + value * scale + 6:.0f}" y="{y + 16}">{value:.1f}</text>'
        )
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{LABEL_WIDTH + PLOT_WIDTH + 60}" height="{height}" '
        f'font-family="sans-serif" font-size="14" fill="#768390" role="img" aria-label="{escape(title)}">\n'
        f'<text x="0" y="18" font-weight="bold">{escape(title)}</text>\n' + "\n".join(rows) + "\n</svg>\n"
    )
