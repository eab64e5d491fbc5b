"""chatter's figures beside its peers', measured in one run by one load generator: `python -m bench`."""
