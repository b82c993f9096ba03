"""Models: providers of what reasons. One part a module."""
