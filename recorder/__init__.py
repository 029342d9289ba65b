"""The recorder: turns tapped packets into files and streams."""
