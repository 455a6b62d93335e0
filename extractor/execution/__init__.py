"""Units of work and who carries them out: processes of this machine, or a cluster's workers."""
