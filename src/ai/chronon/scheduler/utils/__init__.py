"""Nothing; kept for imports."""
