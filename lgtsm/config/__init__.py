"""From YAML to objects. Besides the commands, only this room imports Hydra."""
