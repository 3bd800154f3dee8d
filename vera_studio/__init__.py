"""VeRA Studio: fine-tune a pretrained image network by clicks."""

__version__ = "0.1.0"
