"""How far apart two sets of images are, as a network sees them: Fréchet's distance and a kernel's."""
