"""Pages of the report, one PAGE per file; each names the claims, experiments, figures and tables that it shows."""
