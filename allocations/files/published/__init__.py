"""The files that NHS England and the Organisation Data Service publish, read by what their headers mean."""
