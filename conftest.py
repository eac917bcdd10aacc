"""What pytest leaves alone: the quickstart's repo, whose files import each other as a user's do."""

collect_ignore_glob = ["src/chronon/cli/quickstart/*"]
