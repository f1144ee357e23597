"""The program that removes frames and heatmaps that need not be kept any longer."""
