"""The calls themselves, each really made."""
