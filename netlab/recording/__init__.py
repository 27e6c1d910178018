"""The notebook: what a run wrote down, from which every view is drawn."""
