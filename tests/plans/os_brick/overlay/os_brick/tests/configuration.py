"""What tests take for the configuration of a volume driver."""


class Configuration(object):
    def append_config_values(self, volume_opts):
        """Take more options."""
