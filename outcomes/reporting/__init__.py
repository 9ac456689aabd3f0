"""What goes out: pages, figures and notebooks made from results that are already disclosure-safe."""
