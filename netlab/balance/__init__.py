"""The balancer: algorithms, layer 4, layer 7, health. It knows nothing of the rest of netlab."""
