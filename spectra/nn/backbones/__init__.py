"""Networks that know ImageNet, as far as their features go: fixed, for what compares images by what they see."""
