from datamodules.simulated.simulate import simulate

__all__ = ["simulate"]
