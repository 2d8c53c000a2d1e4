"""YAML text: values with positions for configuration (nodes), and spans to be edited (source)."""
