"""The other grants, each really run, and a token's whole life."""
