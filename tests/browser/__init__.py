"""Pages of baked projects in a real browser: Chromium without a window, which reaches nothing but this machine."""
