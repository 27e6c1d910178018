"""What netlab says, apart from code: one folder a language, one Markdown file a step or term."""
