"""Routes of figures, releases, annual reports and SDMX."""
