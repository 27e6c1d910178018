"""Load balancing: a balancer, backends and a load, all real, and what each makes of the others."""
