"""One trainer, from the nano model on a laptop to larger Wan models: `microverse train`."""
