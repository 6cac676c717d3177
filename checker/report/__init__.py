"""Output formats of reports. The formats do not depend on any rule."""
