"""The phoenix npm client as it ships, in Node, against the server as it ships."""
