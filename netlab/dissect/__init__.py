"""The microscope: octets in, a tree of annotated fields out. Pure, and never surprised."""
