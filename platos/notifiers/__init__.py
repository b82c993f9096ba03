"""The notifiers that come with Platos, one a module: the module's name is the notifier's."""
