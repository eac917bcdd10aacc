"""From rows as they happen to the store that serves them."""
