"""The same model at many sizes: how large an image, or how large a batch, still fits."""
