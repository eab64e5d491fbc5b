"""What is measured. A scenario is given a server that has just started, and returns samples of its figures."""
